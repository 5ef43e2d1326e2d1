# debian-12.15.0-amd64-netinst.iso
iso_file = "debian-12.15.0-amd64-netinst.iso" # c
iso_content_library_item = "debian-12.15.0-amd64-netinst.iso"
iso_datastore_path = "iso"
