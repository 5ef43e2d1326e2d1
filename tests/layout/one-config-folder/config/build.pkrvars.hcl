build_username = "packer"
