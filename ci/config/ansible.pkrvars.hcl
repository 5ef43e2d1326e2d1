# The account that templates keep for configuration management. Put your own public key here: nobody holds the example's private half.

ansible_username = "ansible"
ansible_key      = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAINwRZ0Yd9hOKp1HBM3jlhQzFLJYaQakbnXO57YZwz/TR ansible@example.com"
