# vCenter. Everything that says where and who comes from the environment (PKR_VAR_vsphere_endpoint, _username, _password,
# _insecure_connection, _datacenter, _cluster, _datastore, _network, _folder): a value here would win over the environment.

vsphere_set_host_for_datastore_uploads = false
