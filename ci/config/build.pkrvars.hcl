# The account the build works with. Its password and its crypt come from the environment.

build_username = "packer"
