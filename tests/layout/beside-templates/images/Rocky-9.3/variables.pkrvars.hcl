vcenter_server   = "vc.example.com"
vcenter_username = "svc"
vm_name          = "ROCKY-V1"
