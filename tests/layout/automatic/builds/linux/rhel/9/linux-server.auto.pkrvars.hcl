vm_name = "RHEL9"
