#!/bin/sh
export PACKER_LOG=1
packer build -on-error=cleanup -force \
	-var-file=vars/base.json \
	-only="stage1.vsphere-iso.base" \
	-timestamp-ui .
packer build -on-error=cleanup -force -var-file=vars/base.json -only=stage2.vsphere-clone.docker -timestamp-ui .
packer build -on-error=cleanup -force -var-file=vars/base.json -only=stage2.vsphere-clone.k8s -timestamp-ui .
