# What all lines share.

# Virtual machine
common_vm_version           = 21
common_tools_upgrade_policy = true
common_remove_cdrom         = true
common_template_conversion  = true

# Media: on a datastore, one folder per line (iso_datastore_path)
common_iso_datastore               = "vsanDatastore"
common_iso_content_library_enabled = false
common_iso_content_library         = "Content Library"
common_data_source                 = "disk"

# Time limits; Windows lines need a longer wait for the address and say so themselves
common_ip_wait_timeout  = "20m"
common_shutdown_timeout = "15m"
