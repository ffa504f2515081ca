# Opciones de bash de este usuario
