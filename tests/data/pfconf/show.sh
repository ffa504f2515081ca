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
p -d mydestination noexiste; p -n noexiste mynetworks; p -nd; p -h mynetworks relayhost; p -H mynetworks relayhost; p -hH mynetworks; p relayhost
p -x smtpd_banner; p -xn | head -3; p -xd myorigin;  p -fn | head -40; p -p mynetworks; p mynetworks mynetworks
p -M; p -M smtp; p -M smtp/inet; p -M smtp/unix smtp/inet; p -M noex; p -M noex/unix;  p -Mf; p -M inet; p -M submission.inet; p -Mf submission
p -F | head -20; p -F smtp/inet; p -F smtp/inet/chroot; p -F '*/inet/chroot'; p -F submission/inet/command; p -F smtp/inet/foo; p -Fh smtp/inet/chroot; p -FH smtp/inet; p -F */*/wakeup | head -3; p -Ff submission/inet/command; p -F noex/inet; p -F a/b/c/d; p -F 'smtp'
p -P; p -P submission/inet; p -P submission/inet/syslog_name; p -P '*/*/syslog_name'; p -P smtp/inet; p -Ph submission/inet/syslog_name; p -PH submission/inet; p -P submission/inet/noex; p -Px relay/unix/syslog_name; p -Pf; p -P a; p -Pn; p -Pd
p -nM; p -eM ; p -e; p -e -X; p -X; p -#; p -P -F; p -M -e x; p -M -n; p -MX; p -M#; p -FX; p -PX; p -P#; p -F#
p -o; p -o foo=bar foo; p -o foo; p -o mynetworks=1 -n mynetworks; p -o mynetworks=1 -d mynetworks
p -a x; p -A x; p -m x; p -l x | head -2
p 'a b'; p -e 'a b=c'; p a=b; cat main.cf | tail -2; p -n 'mynetworks'=x;  p -h a=b
