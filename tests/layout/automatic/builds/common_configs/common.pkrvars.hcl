common_vm_version = 19
