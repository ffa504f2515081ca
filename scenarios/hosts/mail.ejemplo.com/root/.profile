# Inicio de sesión
