vm_name = "Ubuntu2204"
