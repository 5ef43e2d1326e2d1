vsphere_endpoint = "vc.example.com"
vsphere_username = "svc"
