os_family  = "linux"
os_name    = "photon"
os_version = "5"
