#!/bin/sh
# Builds what was chosen from a menu.
packer init "$input"
command="packer build -force -on-error=ask $debug_option"
for file in $files; do command="$command -var-file=\"$config/$file\""; done
eval "$command \"$input\""
