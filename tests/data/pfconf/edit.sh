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
p -M -e 'smtp/inet=smtp inet n - n - - smtpd'; d
p -M -e 'foo/unix=foo unix - n n - 5 pipe flags=R user=nobody argv=/bin/cat -o a=b'; d
p -M 'foo/inet=foo  inet n   - n - - smtpd -o x=y -o { a = b c } -v'; d
p -M -e 'submission/inet=submission inet n - n - - smtpd'; d
p -MX submission/inet; d; p -M# submission/inet; d; p -MX smtp; d; p -MX noex/inet; d; p -MX '*/inet'; d; p -M# smtp/unix relay/unix; d
p -M -e 'smtp=x'; p -M -e 'smtp/inet=x'; p -M -e 'smtp/inet=foo inet n - n - - smtpd'; p -M -e 'smtp/foo=smtp foo n - n - - smtpd'; p -M -e 'smtp/inet=smtp inet n - q - - smtpd'; p -M -e 'smtp/inet=smtp inet n - n - -'; p -M -e 'smtp/inet='; d
p -F -e smtp/inet/chroot=n; d; p -F smtp/inet/chroot=n smtp/inet/process_limit=5; d; p -F '*/unix/chroot=n'; d; p -F smtp/inet/chroot=x; p -F smtp/inet/foo=x; p -F smtp/inet=x; p -F noex/inet/chroot=n; p -F 'smtp/inet/command=smtpd -v -o a=b'; d; p -F 'smtp/inet/service=25'; d;  p -F 'smtp/inet/wakeup=60?' ; d;  p -F 'smtp/inet/process_limit=x'; p -F 'submission/inet/chroot=n'; d
p -P submission/inet/x=y; d; p -P smtp/inet/x=y smtp/inet/z=; d; p -P 'smtp/inet/x=y z'; d; p -P submission/inet/syslog_name=foo; d; p -PX submission/inet/syslog_name; d; p -PX submission/inet/noex; d; p -P noex/inet/x=y; d; p -P 'x=y'; p -P -e 'smtp/inet/x'; p -PX submission/inet; d; p -P '*/inet/x=1'; d; p -P 'submission/inet/a=b c'; p -P submission/inet; d
p -P 'relay/unix/syslog_name=q'; d;  p -P 'maildrop/unix/a=b'; d
