# Linux guests get their address by DHCP while they are built. For a static one:
# vm_ip_address, vm_ip_netmask (prefix length), vm_ip_gateway, vm_dns_list.
