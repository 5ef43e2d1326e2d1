# No proxy between packer and the guests. With one: communicator_proxy_host, communicator_proxy_port
# (and PKR_VAR_communicator_proxy_username, PKR_VAR_communicator_proxy_password in the environment).
