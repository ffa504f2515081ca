mkdir -p /tmp/base /tmp/t1; cd /tmp/t1
cat > /tmp/base/main.cf <<'EOF'
# Postfix de mail.ejemplo.com

smtpd_banner = $myhostname ESMTP $mail_name (Debian/GNU)
biff = no

# El dominio lo pone el programa de correo
append_dot_mydomain = no

readme_directory = no

# Valores por defecto de la serie 3.6
compatibility_level = 3.6

# Identidad del servidor
myhostname = mail.ejemplo.com
mydomain = ejemplo.com
myorigin = $mydomain

# Redes de confianza
mynetworks = 127.0.0.0/8 [::1]/128 192.168.1.0/24

# Destinos locales
mydestination = $myhostname, localhost.$mydomain, localhost, $mydomain
alias_maps = hash:/etc/aliases
alias_database = hash:/etc/aliases
relayhost =
mailbox_size_limit = 0
recipient_delimiter = +
inet_interfaces = all
inet_protocols = all

# Formato de buzón
home_mailbox = Maildir/

# Restricciones de recepción
smtpd_relay_restrictions = permit_mynetworks permit_sasl_authenticated defer_unauth_destination
smtpd_recipient_restrictions =
    permit_mynetworks,
    permit_sasl_authenticated,
    reject_unauth_destination,
    reject_invalid_hostname,
    reject_non_fqdn_recipient,
    reject_unknown_recipient_domain

# Tamaño máximo de mensaje (50MB)
message_size_limit = 52428800

# TLS para conexiones entrantes
smtpd_tls_cert_file = /etc/ssl/certs/mail.ejemplo.com.pem
smtpd_tls_key_file = /etc/ssl/private/mail.ejemplo.com.key
smtpd_use_tls = yes
smtpd_tls_security_level = may

# TLS para conexiones salientes
smtp_tls_CApath = /etc/ssl/certs
smtp_tls_security_level = may
smtp_tls_loglevel = 1
smtp_tls_session_cache_database = btree:${data_directory}/smtp_scache

# SASL (Dovecot)
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
EOF
cat > /tmp/base/master.cf <<'EOF'
# Servicios de Postfix, master(5). Tras un cambio: postfix reload
#
# service type  private unpriv  chroot  wakeup  maxproc command + args
smtp      inet  n       -       y       -       -       smtpd
#smtp      inet  n       -       y       -       1       postscreen
#smtpd     pass  -       -       y       -       -       smtpd
#dnsblog   unix  -       -       y       -       0       dnsblog
#tlsproxy  unix  -       -       y       -       0       tlsproxy
#127.0.0.1:submission inet n -   y       -       -       smtpd
submission inet n       -       y       -       -       smtpd
  -o syslog_name=postfix/submission
  -o smtpd_tls_security_level=encrypt
  -o smtpd_sasl_auth_enable=yes
  -o smtpd_tls_auth_only=yes
  -o smtpd_reject_unlisted_recipient=no
  -o smtpd_recipient_restrictions=
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o milter_macro_daemon_name=ORIGINATING
#628       inet  n       -       y       -       -       qmqpd
pickup    unix  n       -       y       60      1       pickup
cleanup   unix  n       -       y       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
#qmgr     unix  n       -       n       300     1       oqmgr
tlsmgr    unix  -       -       y       1000?   1       tlsmgr
rewrite   unix  -       -       y       -       -       trivial-rewrite
bounce    unix  -       -       y       -       0       bounce
defer     unix  -       -       y       -       0       bounce
trace     unix  -       -       y       -       0       bounce
verify    unix  -       -       y       -       1       verify
flush     unix  n       -       y       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
smtp      unix  -       -       y       -       -       smtp
relay     unix  -       -       y       -       -       smtp
        -o syslog_name=postfix/$service_name
showq     unix  n       -       y       -       -       showq
error     unix  -       -       y       -       -       error
retry     unix  -       -       y       -       -       error
discard   unix  -       -       y       -       -       discard
local     unix  -       n       n       -       -       local
virtual   unix  -       n       n       -       -       virtual
lmtp      unix  -       -       y       -       -       lmtp
anvil     unix  -       -       y       -       1       anvil
scache    unix  -       -       y       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
maildrop  unix  -       n       n       -       -       pipe
  flags=DRXhu user=vmail argv=/usr/bin/maildrop -d ${recipient}
ifmail    unix  -       n       n       -       -       pipe
  flags=F user=ftn argv=/usr/lib/ifmail/ifmail -r $nexthop ($recipient)
bsmtp     unix  -       n       n       -       -       pipe
  flags=Fq. user=bsmtp argv=/usr/lib/bsmtp/bsmtp -t$nexthop -f$sender $recipient
scalemail-backend unix -       n       n       -       2       pipe
  flags=R user=scalemail argv=/usr/lib/scalemail/bin/scalemail-store ${nexthop} ${user} ${extension}
mailman   unix  -       n       n       -       -       pipe
  flags=FRX user=list argv=/usr/lib/mailman/bin/postfix-to-mailman.py ${nexthop} ${user}
EOF
cp /tmp/base/* .; touch -d '2026-01-01' main.cf master.cf
p() { echo "+ postconf $*"; touch -d '2026-01-01' main.cf master.cf; postconf -c /tmp/t1 "$@"; echo "rc=$?"; }
d() { diff /tmp/base/master.cf master.cf; cp /tmp/base/* .; }
p mail_name -h; p mail_name nox -h mail_owner
rm master.cf; p mail_name; p -n mynetworks; p -d mail_name; p -M; p -P; p -F;  cp /tmp/base/master.cf .
echo 'foo unix - - -' >> master.cf;  p mail_name; p -d mail_name;  p -n; p -M smtp/inet; p -e a=b; cp /tmp/base/master.cf .
echo 'foo unix - - - - - smtpd -o x -oy=z -vo a=b' >> master.cf;  p mail_name; p -M foo; p -P foo/unix; p -M foo/unix; cp /tmp/base/master.cf .
printf 'foo unix - - - - - smtpd -o a=$zz -o {b = $yy c} -o {c=d}\nzz=1\n' >> master.cf; p mail_name; p -P foo/unix;p -M foo; p -Px foo/unix; cp /tmp/base/master.cf .
cat >> main.cf <<'Q'
smtpd_restriction_classes = clase1, clase2
clase1 = permit
clase3 = x
uno = $dos
dos = 1
mydomain = ${tres?a}
tres = q
virtual_alias_maps = mysql:my ldap:ld hash:x
my_hosts = a
my_foo = b
ld_server_host = z
policy_time_limit = 3
maildrop_destination_recipient_limit = 1
maildrop_time_limit = 2
smtp_destination_recipient_limitt = 3
foo_time_limit = 3
foo_delay = 1
virtual_maps = x
permit_mx_backup_networks =
proxy_interfaces = $cuatro
cinco = $cinco
Q
p -n; p clase1; p uno; p dos; p my_hosts my_foo; p foo_time_limit maildrop_time_limit ; p -C user; p -x uno; p cinco; p -x cinco; p cuatro
cp /tmp/base/main.cf .; echo 'policy unix - n n - 0 spawn user=nobody argv=/bin/x' >> master.cf; echo 'policy_time_limit = 3' >> main.cf; echo 'submission_foo=1' >> main.cf;  p -n | tail -2; p -d policy_time_limit policy_destination_recipient_limit; p local_destination_recipient_limit; p discard_destination_recipient_limit; p smtp_connect_timeout
