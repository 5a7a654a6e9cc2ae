"""The section `hosts`: /etc/hosts, hostname and resolv.conf."""
