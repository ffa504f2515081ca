mkdir -p /tmp/t2; cd /tmp/t2
q() { echo "+ $*"; "$@"; echo "rc=$?"; }
printf 'key: value\na:b c\n' > k; q postmap k; q postmap -s k; printf 'x\ty\n  z\n# c\n\n w\nq r' > l;  q postmap l; q postmap -s l; printf '' > e; q postmap e; q postmap -s e
printf 'root: ana\nVentas: maria,juan,  "Luis Perez" <l@x>\nsin dos puntos\nmal:\n: x\na b: c\n"q z": d\ninc: :include:/etc/x, |/bin/x, "|y z", /file\nx@y: z\nroot: otro\n' > al; q postalias al; q postalias -s al | grep -v YP_; q postalias -q VENTAS al; q postalias -q inc al; q postalias -d root al; q postalias -q root al; printf 'aa: bb\n' | q postalias -i al;  q postalias; q postalias -z; q postalias -q x hash:/noex; q postalias /noex; q postalias -h; q postalias -q x regexp:/noex; q postalias regexp:al
printf '/a(/ x\n/b/\n/[/ y\n/a{/ z\n/*a/ k\n/a\\/ u\n/(a/ t\n/a)/ j\n/a/q x\na b\n/x/ $2\n/(x)/ $1$2\n/x/ ${1\n!/x/ $1\nif\nif /x/\n/y/ z\nendif\nendif foo\n/x/i LOW\n/x/ \n/^(.*)@(.*)$/ ${2}-$(1)x$$\n/a b/ c\n' > r; q postmap -q zz regexp:r; q postmap -q zz pcre:r; q postmap -q u@d regexp:r;  q postmap -q u@d pcre:r
printf '1.2.3.4 a\n1.2.3.0/24 b\nif 1.2.3.4/33\nendif x\n1.2.3 c\nfoo d\n[::1] e\n::1/128 f\n!1.2.3.0/24 g\n1.2.3.4/ z\n' > c; q postmap -q 1.2.3.5 cidr:c; q postmap -q ::1 cidr:c; q postmap -q 9.9.9.9 cidr:c; q postmap -q foo cidr:c; 
touch -d '-1000 sec' m.db; q postmap -q a m; printf ' a b\nc d\n' > s; q postmap -q c regexp:s; q postmap -q c cidr:s
m() { echo "+ postmap $*"; postmap "$@"; echo "rc=$?"; }
m -q x mysql:/etc/x; m -q x pgsql:/etc/x; m -q x ldap:/etc/x; m -q x sqlite:/etc/x; m -q x cdb:/etc/x; m -q x foo:/etc/x; m -q x lmdb:/etc/x; m -q x btree:/etc/x; m -q x dbm:/x; m -q x sdbm:/x; m -q x nisplus:/x; m -q x netinfo:/x
m -q x regexp:/etc/noex; m -q x pcre:/etc/noex; m -q x cidr:/etc/noex; m -q x texthash:/etc/noex
m -q x inline:x; m -q x 'inline:{}'; m -q x 'inline:{x}'; m -q x 'inline:{ { =b } }'; m -q x 'inline:{x=}'; m -q x 'inline:{ {x=a b} }'; m -q X 'inline:{ {x=a b} }'; m -q x 'inline:{x=1,x=2}'; m -q x 'inline:{ {x=1} y'; m -q x 'inline:{x=1'
m -q x static:; m -q x 'static:{a b}'; m -q x 'static:{a'; m -q x 'static:a b'
m -q x pipemap:x; m -q x 'pipemap:{}'; m -q x 'pipemap:{foo:x}'; m -q x 'pipemap:{static:a,inline:{a=b}}'; m -q x 'pipemap:{inline:{x=1}, inline:{2=3}}'; m -q x 'unionmap:{static:a,inline:{x=b}}'; m -q x 'unionmap:{inline:{y=b}}'; m -q x 'randmap:{a}'; m -q x 'randmap:{}'; m -q x randmap:x; m -q x 'pipemap:{x}'
m -q x xhash; m -s regexp:/tmp/t2/al; m -s static:x; m -s 'inline:{b=1,a=2}'; m -s fail:x; m -s hash:/noex
m -d x regexp:/tmp/t2/al; m -d x hash:/noex; m -d x static:x; m -i static:x </dev/null; m static:x; m lmdb:/noex;  m fail:x; m texthash:/noex
