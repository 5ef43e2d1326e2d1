vcenter_server   = "vc.example.com"
vcenter_username = "svc"
vm_name          = "WS2022-V1"
