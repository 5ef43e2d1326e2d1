os_family  = "windows"
os_name    = "server"
os_version = "2025"
