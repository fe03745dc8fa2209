// The model and the operations are part of this library's interface: one import has them all.
@_exported public import PVUSBCore
