// SPDX-License-Identifier: GPL-2.0
/*
 * usbback: a stand-in for Xen's USB backend driver, for the lab.
 *
 * Mainline Linux has no backend for the controller kind "pv". This module has what a toolstack sees
 * of it: a USB interface driver named usbback that takes only devices of its port table, the
 * table's attribute port_ids, and a xenbus backend "vusb" that connects with the guest and follows
 * the port nodes. It never touches the rings, so a guest sees a controller with empty ports.
 *
 * Without Xen the table is fed by writing to the attribute `feed`:
 *	set BUSID:DOMID:HANDLE:PORT VERSION	a port names a device
 *	clear BUSID				it does no longer
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/usb.h>
#include <xen/xen.h>
#include <xen/xenbus.h>

#define BUSID_SIZE	20
#define PORT_MAX	31

/* A line of the port table. */
struct port_entry {
	struct list_head list;
	char busid[BUSID_SIZE];
	unsigned int domid;
	unsigned int handle;
	unsigned int port;
	unsigned int version;
	/* How many interfaces of the device the driver has. */
	unsigned int bound;
};

static LIST_HEAD(port_table);
static DEFINE_MUTEX(port_table_lock);

static struct port_entry *find_entry(const char *busid)
{
	struct port_entry *entry;

	list_for_each_entry(entry, &port_table, list)
		if (!strcmp(entry->busid, busid))
			return entry;
	return NULL;
}

static int add_entry(const struct port_entry *wanted)
{
	struct port_entry *entry = kmemdup(wanted, sizeof(*wanted), GFP_KERNEL);
	int err = 0;

	if (!entry)
		return -ENOMEM;
	mutex_lock(&port_table_lock);
	if (find_entry(wanted->busid))
		err = -EEXIST;
	else
		list_add_tail(&entry->list, &port_table);
	mutex_unlock(&port_table_lock);
	if (err)
		kfree(entry);
	return err;
}

static int remove_entry(const char *busid)
{
	struct port_entry *entry;

	mutex_lock(&port_table_lock);
	entry = find_entry(busid);
	if (entry)
		list_del(&entry->list);
	mutex_unlock(&port_table_lock);
	kfree(entry);
	return entry ? 0 : -ENODEV;
}

static bool is_bound(const char *busid)
{
	struct port_entry *entry;
	bool bound;

	mutex_lock(&port_table_lock);
	entry = find_entry(busid);
	bound = entry && entry->bound;
	mutex_unlock(&port_table_lock);
	return bound;
}

/* ---- the USB side ---- */

static bool carries(unsigned int version, enum usb_device_speed speed)
{
	switch (speed) {
	case USB_SPEED_LOW:
	case USB_SPEED_FULL:
		return true;
	case USB_SPEED_HIGH:
		return version >= 2;
	default:
		return false;
	}
}

static int usbback_usb_probe(struct usb_interface *intf, const struct usb_device_id *id)
{
	struct usb_device *udev = interface_to_usbdev(intf);
	struct port_entry *entry;
	bool ok;

	if (udev->descriptor.bDeviceClass == USB_CLASS_HUB)
		return -ENODEV;
	mutex_lock(&port_table_lock);
	entry = find_entry(dev_name(&udev->dev));
	ok = entry && carries(entry->version, udev->speed);
	if (ok)
		entry->bound++;
	mutex_unlock(&port_table_lock);
	return ok ? 0 : -ENODEV;
}

static void usbback_usb_disconnect(struct usb_interface *intf)
{
	struct port_entry *entry;

	mutex_lock(&port_table_lock);
	entry = find_entry(dev_name(&interface_to_usbdev(intf)->dev));
	if (entry && entry->bound)
		entry->bound--;
	mutex_unlock(&port_table_lock);
}

/* Matches every interface, as the real one does. */
static const struct usb_device_id usbback_ids[] = {
	{ .driver_info = 1 },
	{ }
};

static struct usb_driver usbback_usb_driver = {
	.name = "usbback",
	.probe = usbback_usb_probe,
	.disconnect = usbback_usb_disconnect,
	.id_table = usbback_ids,
	.no_dynamic_id = 1,
};

static ssize_t port_ids_show(struct device_driver *driver, char *buf)
{
	struct port_entry *entry;
	ssize_t size = 0;

	mutex_lock(&port_table_lock);
	list_for_each_entry(entry, &port_table, list)
		size += scnprintf(buf + size, PAGE_SIZE - size, "%s:%u:%u:%u\n", entry->busid,
				  entry->domid, entry->handle, entry->port);
	mutex_unlock(&port_table_lock);
	return size;
}
static DRIVER_ATTR_RO(port_ids);

static ssize_t feed_store(struct device_driver *driver, const char *buf, size_t count)
{
	struct port_entry entry = { };
	int err = -EINVAL;

	if (sscanf(buf, "set %19[^:]:%u:%u:%u %u", entry.busid, &entry.domid, &entry.handle,
		   &entry.port, &entry.version) == 5)
		err = add_entry(&entry);
	else if (sscanf(buf, "clear %19s", entry.busid) == 1)
		err = remove_entry(entry.busid);
	return err ?: count;
}
static DRIVER_ATTR_WO(feed);

/* ---- the xenbus side ---- */

struct controller {
	struct xenbus_device *dev;
	struct xenbus_watch watch;
	bool watching;
	unsigned int handle;
	unsigned int version;
	unsigned int ports;
	struct mutex lock;
	/* What each port node named when it was last looked at. */
	char named[PORT_MAX + 1][BUSID_SIZE];
};

/*
 * Empty forgets the device, a bus id registers it. A mistake is fatal for the controller: a device
 * that is in a port already, a port that is not cleared first, one cleared while its device is bound.
 */
static void port_changed(struct controller *ctrl, unsigned int port, const char *busid)
{
	struct port_entry entry = {
		.domid = ctrl->dev->otherend_id, .handle = ctrl->handle,
		.port = port, .version = ctrl->version,
	};
	char *named = ctrl->named[port];

	if (*busid && *named) {
		xenbus_dev_fatal(ctrl->dev, -EBUSY, "port %u was not cleared first", port);
		return;
	}
	if (*named && is_bound(named)) {
		xenbus_dev_fatal(ctrl->dev, -EBUSY, "unbind %s first", named);
		return;
	}
	if (*named) {
		remove_entry(named);
	} else {
		strscpy(entry.busid, busid, BUSID_SIZE);
		if (add_entry(&entry)) {
			xenbus_dev_fatal(ctrl->dev, -EEXIST, "%s is in another port", busid);
			return;
		}
	}
	strscpy(named, busid, BUSID_SIZE);
}

static void look_at_port(struct controller *ctrl, unsigned int port)
{
	char node[16], *value;

	snprintf(node, sizeof(node), "port/%u", port);
	value = xenbus_read(XBT_NIL, ctrl->dev->nodename, node, NULL);
	if (IS_ERR(value))
		return;
	if (strlen(value) < BUSID_SIZE && strcmp(value, ctrl->named[port]))
		port_changed(ctrl, port, value);
	kfree(value);
}

static void look_at_ports(struct controller *ctrl)
{
	unsigned int port;

	mutex_lock(&ctrl->lock);
	for (port = 1; port <= ctrl->ports; port++)
		if (ctrl->dev->state == XenbusStateConnected)
			look_at_port(ctrl, port);
	mutex_unlock(&ctrl->lock);
}

static void forget_ports(struct controller *ctrl)
{
	unsigned int port;

	mutex_lock(&ctrl->lock);
	for (port = 1; port <= PORT_MAX; port++) {
		if (*ctrl->named[port])
			remove_entry(ctrl->named[port]);
		*ctrl->named[port] = '\0';
	}
	mutex_unlock(&ctrl->lock);
}

static void port_node_changed(struct xenbus_watch *watch, const char *path, const char *token)
{
	look_at_ports(container_of(watch, struct controller, watch));
}

static void stop_watching(struct controller *ctrl)
{
	if (!ctrl->watching)
		return;
	unregister_xenbus_watch(&ctrl->watch);
	kfree(ctrl->watch.node);
	ctrl->watching = false;
}

static void vusb_remove(struct xenbus_device *dev)
{
	struct controller *ctrl = dev_get_drvdata(&dev->dev);

	if (!ctrl)
		return;
	stop_watching(ctrl);
	forget_ports(ctrl);
	dev_set_drvdata(&dev->dev, NULL);
	kfree(ctrl);
}

/* /local/domain/0/backend/vusb/DOMID/HANDLE, with the numbers that libxl wrote. */
static int read_configuration(struct controller *ctrl)
{
	const char *name = strrchr(ctrl->dev->nodename, '/');

	if (!name || kstrtouint(name + 1, 10, &ctrl->handle))
		return -EINVAL;
	if (xenbus_scanf(XBT_NIL, ctrl->dev->nodename, "num-ports", "%u", &ctrl->ports) != 1 ||
	    xenbus_scanf(XBT_NIL, ctrl->dev->nodename, "usb-ver", "%u", &ctrl->version) != 1)
		return -EINVAL;
	if (!ctrl->ports || ctrl->ports > PORT_MAX || !ctrl->version || ctrl->version > 2)
		return -EINVAL;
	return 0;
}

static int vusb_probe(struct xenbus_device *dev, const struct xenbus_device_id *id)
{
	struct controller *ctrl = kzalloc(sizeof(*ctrl), GFP_KERNEL);
	int err;

	if (!ctrl)
		return -ENOMEM;
	ctrl->dev = dev;
	mutex_init(&ctrl->lock);
	dev_set_drvdata(&dev->dev, ctrl);
	err = read_configuration(ctrl);
	if (!err)
		err = xenbus_switch_state(dev, XenbusStateInitWait);
	if (err) {
		xenbus_dev_fatal(dev, err, "probing");
		vusb_remove(dev);
	}
	return err;
}

static void connect(struct controller *ctrl)
{
	struct xenbus_device *dev = ctrl->dev;

	if (dev->state == XenbusStateConnected || ctrl->watching)
		return;
	xenbus_switch_state(dev, XenbusStateConnected);
	ctrl->watching = !xenbus_watch_pathfmt(dev, &ctrl->watch, NULL, port_node_changed,
					       "%s/port", dev->nodename);
}

static void disconnect(struct controller *ctrl, enum xenbus_state state)
{
	stop_watching(ctrl);
	forget_ports(ctrl);
	xenbus_switch_state(ctrl->dev, state);
}

static void frontend_changed(struct xenbus_device *dev, enum xenbus_state frontend)
{
	struct controller *ctrl = dev_get_drvdata(&dev->dev);

	switch (frontend) {
	case XenbusStateInitialising:
		if (dev->state == XenbusStateClosed)
			xenbus_switch_state(dev, XenbusStateInitWait);
		break;
	case XenbusStateInitialised:
	case XenbusStateConnected:
		connect(ctrl);
		break;
	case XenbusStateClosing:
		xenbus_switch_state(dev, XenbusStateClosing);
		break;
	case XenbusStateClosed:
		disconnect(ctrl, XenbusStateClosed);
		if (xenbus_dev_is_online(dev))
			break;
		fallthrough;
	case XenbusStateUnknown:
		device_unregister(&dev->dev);
		break;
	default:
		break;
	}
}

static const struct xenbus_device_id vusb_ids[] = {
	{ "vusb" },
	{ "" }
};

static struct xenbus_driver vusb_driver = {
	.ids = vusb_ids,
	.probe = vusb_probe,
	.remove = vusb_remove,
	.otherend_changed = frontend_changed,
};

/* ---- the module ---- */

static int __init usbback_init(void)
{
	struct device_driver *driver = &usbback_usb_driver.driver;
	int err = usb_register(&usbback_usb_driver);

	if (err)
		return err;
	err = driver_create_file(driver, &driver_attr_port_ids);
	if (!err && xen_initial_domain())
		err = xenbus_register_backend(&vusb_driver);
	else if (!err)
		err = driver_create_file(driver, &driver_attr_feed);
	if (err)
		usb_deregister(&usbback_usb_driver);
	return err;
}

static void __exit usbback_exit(void)
{
	struct port_entry *entry, *next;

	if (xen_initial_domain())
		xenbus_unregister_driver(&vusb_driver);
	usb_deregister(&usbback_usb_driver);
	list_for_each_entry_safe(entry, next, &port_table, list)
		kfree(entry);
}

module_init(usbback_init);
module_exit(usbback_exit);
MODULE_DESCRIPTION("Stand-in for Xen's USB backend, for tests");
MODULE_LICENSE("GPL");
MODULE_ALIAS("xen-backend:vusb");
