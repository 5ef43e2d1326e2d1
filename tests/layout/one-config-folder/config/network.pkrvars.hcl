// vm_ip_address = "192.0.2.4"
