iso_file = "debian-12.15.0-amd64-netinst.iso"
x = <<EOT
debian-12.15.0-amd64-netinst.iso
EOT
iso_content_library_item = "debian-12.15.0-amd64-netinst"
