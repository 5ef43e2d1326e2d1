//! One packer run: its command, its process, its record on disk.
