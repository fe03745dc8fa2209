// Bus ids, devices and store requests are part of this module's interface: whoever imports it
// has them.
@_exported public import USBModel
@_exported public import XenStoreWire
