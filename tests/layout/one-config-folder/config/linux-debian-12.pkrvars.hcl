os_family  = "linux"
os_name    = "debian"
os_version = "12"
