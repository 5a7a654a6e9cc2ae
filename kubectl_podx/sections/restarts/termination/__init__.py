"""Why a container's last instance ended: witnesses first, then a decision list over them."""
