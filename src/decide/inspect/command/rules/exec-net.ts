import { table } from '../table.ts'

/** How clients of networks, containers and databases run something else or carry files; from their manuals. */
export const EXEC_NET = table(String.raw`
# ssh and its family
exec.ssh-proxy :: high :: check_by_ssh ssh scp sftp autossh sshfs ssh-copy-id :: opt -o :: val ^(?:Proxy(?:Command|UseFdpass)|LocalCommand|KnownHostsCommand|PKCS11Provider|SecurityKeyProvider|XAuthLocation|Include|Match)[= ](.*) :: safe ^ProxyCommand[= ]['"]?(?:none|ssh .*-W .*|nc -[xX].*|aws ssm start-session.*|cloudflared access ssh.*|connect .*|ncat --proxy.*|gcloud .*)$ :: runs shell :: ssh runs a command to connect
exec.ssh-local :: high :: ssh :: line PermitLocalCommand[= ]yes :: ssh runs a command on this machine
exec.ssh-config :: high :: ssh scp sftp :: opt -F :: val ^(?!/dev/null|none|~?/?\.ssh/|/etc/ssh/|/home/[^/]+/\.ssh) :: ssh reads a configuration that names programs
exec.ssh-library :: high :: ssh ssh-keygen ssh-add ssh-agent scp :: opt -I -D -s -w :: val (?:^|/)[^\s]*(?:\.so|lib)|^\./ :: loads a native library
exec.scp-program :: high :: scp sftp rsync :: opt -S :: runs program :: runs another program to connect
exec.rsync-shell :: high :: rsync :: opt -e --rsh --rsync-path :: safe ^(?:/usr/bin/)?(?:rsh|sudo rsync|(?:sudo )?/?(?:usr/(?:local/)?bin/)?rsync|ssh)(?: -(?:[pli] ?\S+|[TAxqvC46]+|o ?\S+|c ?\S+))*$ :: runs shell :: rsync runs a command to connect
destroy.rsync :: critical :: rsync :: opt --delete --delete-after --delete-before --delete-during --delete-excluded --del :: line (?:^| )(?:~|\$\{?HOME\}?|/|/(?:etc|usr|var|boot|home|root|opt|srv)|/(?:home|Users)/[^/\s]+)/?$ :: removes what is in a home or in the system
exec.rsync-delete :: medium :: rsync :: opt --delete --remove-source-files --delete-after --delete-before :: removes what is not at the other side
exec.ssh-tunnel :: medium :: ssh autossh chisel frpc ngrok cloudflared bore localtunnel lt pagekite serveo stunnel socat gost rathole iodine dnscat dnscat2 ptunnel corkscrew httptunnel sshuttle wireproxy tailscale zerotier-cli :: opt -L -R -D -w -W http tcp tunnel client -r --reverse :: opens a way through the network
exec.ssh-reverse :: high :: ssh autossh :: opt -R :: opens a way from outside into this machine
exec.tunnel-named :: high :: cloudflared code devtunnel code-server :: sub tunnel host :: not \b(?:login|create|list|delete|route|info|cleanup|token|status|unregister|rename)\b :: opens a way from outside into this machine
exec.tunnel :: high :: ngrok devtunnel chisel frpc bore pagekite dnscat dnscat2 iodine iodined ptunnel gost revsocks rpivot reGeorg httptunnel gsocket gs-netcat pwncat tmate upterm teleconsole :: opens a way from outside into this machine
exec.ssh-keygen :: medium :: ssh-keygen ssh-add ssh-copy-id ssh-agent ssh-keyscan openssl gpg age keytool certtool cfssl step minisign signify :: keys are made or used
persist.ssh-copy :: medium :: ssh-copy-id :: lets a key log in elsewhere
exec.ssh-remote :: medium :: ssh mosh slogin rsh telnet rlogin sftp ftp tftp lftp scp rsync sshfs et :: connects to another machine
exec.ftp-escape :: high :: ftp sftp tftp lftp ncftp telnet :: val ^!(.*) :: runs shell :: leaves the client for a shell
exec.lftp :: high :: lftp :: opt -c -e :: val ^\s*!(.*) :: runs shell :: runs a command
exec.sshpass :: medium :: sshpass :: gives a password to a program that asks a person
exec.sshfs :: high :: sshfs mount mount.fuse mount.cifs mount.nfs curlftpfs davfs2 s3fs rclone fusermount :: opt -o :: val (?:ssh_command|sshfs_command|exec|suid|allow_other|proxycommand)= :: mounts with a program or rights of its own
# netcat and its like
shell.nc-exec :: critical :: nc ncat socat :: opt -e -c --exec --sh-exec --lua-exec :: val (?:^|/)(?:(?:ba|da|z|k|c|a|tc|fi)?sh|cmd|powershell|python\S*|perl|ruby|php)\b :: gives a shell to whoever is at the other end of a connection
shell.nc-program :: high :: nc :: opt -e -c --exec --sh-exec --lua-exec :: gives a program to whoever is at the other end of a connection
shell.nc-listen :: high :: nc socat nmap netcat :: line (?:^| )(?:-[a-zA-Z]*l[a-zA-Z]*(?: |$)|--listen)|(?:TCP|UDP|SCTP|OPENSSL|UNIX|VSOCK)\d?-L(?:ISTEN)?: :: waits for a connection from outside
shell.socat-exec :: critical :: socat :: line (?:TCP|UDP|OPENSSL|SCTP|UNIX|VSOCK|ABSTRACT)\S*:.*(?:EXEC|SYSTEM|SHELL):|(?:EXEC|SYSTEM|SHELL):.*(?:TCP|UDP|OPENSSL|SCTP|UNIX|VSOCK|ABSTRACT)\S*: :: gives a program to whoever is at the other end of a connection
exec.socat-exec :: high :: socat :: val (?:^|,|!!)(?:EXEC|SYSTEM|SHELL|exec|system|shell):['"]?([^,'"]+) :: runs shell :: socat runs a program
network.nc :: medium :: nc socat telnet openssl :: sends and receives over a connection of its own
shell.openssl-client :: high :: openssl :: sub s_client s_server s_time :: line -(?:quiet|connect .*\|)|s_server|-exec :: a connection that hides what goes through it
exec.openssl-library :: high :: openssl :: opt -engine -provider -provider-path engine -conf -config :: val (?:^|/)\S*(?:\.so|/)|^\.|^/ :: openssl loads a native library
exec.openssl-engine :: high :: openssl :: sub engine req :: line (?:^engine .*(?:SO_PATH|\.so)|-engine \S*[./]) :: openssl loads a native library
network.openssl-file :: medium :: openssl :: opt -in -out :: openssl reads and writes files
shell.telnet-pipe :: high :: telnet nc openssl :: line \| ?(?:/bin/)?(?:ba|da|z)?sh\b :: gives a shell to whoever is at the other end of a connection
network.listen-http :: medium :: python php ruby busybox node npx :: line (?:-m (?:http\.server|SimpleHTTPServer|pyftpdlib)|(?:^| )-S (?:0\.0\.0\.0|\d)|-run -e httpd|^httpd|http-server|^serve|WEBrick|^un -e) :: gives files to whoever connects
network.listen :: medium :: caddy nginx httpd apache2 vsftpd sshd dropbear telnetd smbd rsyncd tftpd miniserve webfsd thttpd mini_httpd lighttpd dnsmasq named minidlna nfsd :: waits for connections from outside
shell.sshd :: high :: sshd dropbear telnetd in.telnetd shellinaboxd rlogind rshd xrdp x11vnc vncserver tightvncserver x0vncserver kickstart :: lets people in from outside
# transfer
network.curl-upload :: medium :: curl :: opt -T --upload-file -F --form -d --data --data-binary --data-raw --data-urlencode --json :: sends data over the network
network.curl-upload-file :: high :: curl :: opt -T --upload-file -F --form -d --data --data-binary --data-urlencode :: val ^@?(?:\w+=@)?(?:/etc/|/var/(?:log|lib|mail)|/root|~/\.\w|/home/[^/]+/\.\w|/proc/|/tmp/\S*(?:\.(?:zip|tar|gz|7z|log|txt|csv|db))) :: sends files of the system or a home over the network
network.wget-upload :: high :: wget :: opt --post-file --body-file :: sends a file over the network
exec.wget :: high :: wget :: opt --use-askpass :: runs program :: wget runs a program
exec.wget-config :: high :: wget curl aria2c :: opt --config -K --conf-path --on-download-complete --on-download-start --on-download-error --on-download-stop --on-bt-download-complete :: val ^(?:/|\.|\$|\S*sh$) :: runs or reads what it is told
exec.wget-execute :: high :: wget :: opt -e --execute :: val use_askpass|input|output_document|post_file :: wget is told to run a program or write a file
network.download-insecure :: medium :: curl wget :: opt -k --insecure --no-check-certificate :: takes what comes without looking who sent it
exec.curl-library :: high :: curl :: opt --engine :: val / :: curl loads a native library
network.onion :: high :: curl wget nc socat ssh tor git torsocks :: line \.onion\b|\.i2p\b :: connects to a hidden service
network.paste :: high :: curl wget nc http ssh :: line \b(?:pastebin\.com|transfer\.sh|0x0\.st|termbin\.com|ix\.io|sprunge\.us|file\.io|requestbin|webhook\.site|ngrok\.io|ngrok-free|pipedream\.net|oastify\.com|burpcollaborator|interact\.sh|discord(?:app)?\.com/api/webhooks|api\.telegram\.org/bot|anonfiles|gofile\.io|temp\.sh|bashupload\.com|catbox\.moe|serveo\.net|localhost\.run|oshi\.at)\b :: sends to, or gets from, a place where anybody can leave things
network.metadata :: high :: curl wget nc http https xh fetch python :: line \b169\.254\.169\.254\b|metadata\.google\.internal|\bfd00:ec2::254|100\.100\.100\.200|/latest/meta-data|metadata/identity :: asks the cloud for the keys of this machine
exec.nmap-script :: high :: nmap :: opt --script --interactive --script-args :: val ^(?:/|\.|\$|.*(?:exec|brute|exploit|vuln|malware)|.*\.nse) :: nmap runs a script
exec.nmap-interactive :: high :: nmap :: opt --interactive :: nmap opens a shell of its own
exec.scan-wide :: high :: nmap masscan zmap unicornscan netdiscover nikto gobuster ffuf dirb wfuzz nuclei enum4linux wpscan :: not (?:^| )(?:-V|-h|--help|--version|--iflist)\b|localhost|127\.0\.0\.1 :: looks for machines and their doors
exec.scan :: medium :: nmap masscan zmap arp-scan netdiscover fping nikto gobuster ffuf dirb wfuzz nuclei whatweb wpscan enum4linux smbmap snmpwalk onesixtyone ldapsearch rpcclient smbclient unicornscan hping3 amass subfinder theharvester fierce dnsrecon dnsenum shodan :: looks for machines and their doors
exec.sniff-live :: high :: tcpdump tshark ngrep snoop tcpflow dumpcap :: not (?:^| )(?:-r|-D|--list-interfaces|-h|--help|--version|-d{1,3}|--input|-G|-T)\b|(?:^| )-r :: listens to what others send
exec.sniff :: medium :: tcpdump tshark wireshark ngrep ettercap bettercap dsniff snoop tcpflow tcpick dumpcap airodump-ng kismet driftnet urlsnarf arpspoof mitmproxy mitmdump mitmweb sslstrip :: listens to what others send
exec.spoof :: high :: arpspoof ettercap bettercap dnsspoof sslstrip yersinia mitm6 evilginx :: line (?:-T|-M|-i|-t|-X|-caplet) :: puts itself between others
network.ping-flood :: medium :: ping hping3 ping6 :: opt -f --flood --rand-source :: sends as much as it can
exec.dig-file :: medium :: dig nslookup host drill :: opt -f :: reads what to ask from a file
exec.smb :: medium :: smbclient smbget rpcclient impacket-smbserver :: opt -c --command :: val !(.*) :: runs shell :: the client runs a command
exec.openvpn :: high :: openvpn openconnect vpnc wg-quick pppd wpa_supplicant wpa_cli dhclient dhcpcd udhcpc :: opt --up --down --ipchange --route-up --client-connect --tls-verify --auth-user-pass-verify --learn-address --script-security -s --script -a connect :: val (?:^|/)(?:sh|bash|dash|python|nc|curl|[\w./-]+)(?: |$) :: runs program :: the network is set up by a program it is told to run
exec.openvpn-config :: medium :: openvpn openconnect vpnc wg-quick wg pppd nmcli nmtui ip ifconfig route iw iwconfig wpa_supplicant dhclient ethtool brctl tc bridge ovs-vsctl networksetup netplan connmanctl resolvectl resolvconf scutil :: the network of this machine is looked at or changed
# databases
exec.psql :: high :: psql pgcli :: opt -c --command :: val \\!|\\g \||\\o \||COPY .*PROGRAM|\\copy .* program :: runs sql :: the client runs a command
exec.psql-pager :: high :: psql mysql mariadb pgcli mycli :: opt --pager -P :: val ^(?:pager=|--pager=)?((?!less|more|cat|off|on|footer|format|expanded|null|border|tuples).*\b(?:sh|bash|/)\S*.*) :: runs shell :: the client runs a program as its pager
exec.mysql :: high :: mysql mycli mysqlsh :: opt -e --execute --init-command :: val \\!|(?:^|\s)system\s|\bINTO\s+(?:OUT|DUMP)FILE|LOAD_FILE|sys_exec|CREATE FUNCTION.*SONAME :: runs sql :: the client or the server runs a command or touches files
exec.mysql-library :: high :: mysql mysqldump mysqladmin :: opt --default-auth --plugin-dir --defaults-file :: val (?:^|/)\S*(?:\.so|/tmp|\./)|^\$|lib$|^[^/]*\.so :: the client loads a native library
exec.sqlite :: high :: sqlite3 sqlcipher litecli duckdb :: val (?:^|\s)\.(?:shell|system|load)\b|load_extension|\bedit\(|writefile\(|^\.(?:import|once|output|excel) +['"]?\| :: runs sql :: the client runs a command
exec.sqlite-file :: medium :: sqlite3 duckdb :: val \breadfile\(|^\.(?:read|output|once|import|backup|dump|excel|log)|^ATTACH :: the client reads or writes other files
exec.sql :: medium :: psql mysql mysqldump mysqladmin pg_dump pg_restore sqlite3 mongo mongosh mongodump mongorestore redis-cli cqlsh influx clickhouse-client sqlplus isql osql sqlcmd bcp createdb dropdb createuser dropuser duckdb cockroach etcdctl consul vault usql dbeaver hbase hive beeline impala-shell spark-sql spark-shell pyspark presto trino neo4j cypher-shell couchdb rethinkdb arangosh pgcli mycli litecli :: a data base is read or changed
exec.sql-drop :: high :: psql mysql mongo mongosh redis-cli dropdb sqlite3 mysqladmin :: line \b(?:DROP\s+(?:DATABASE|SCHEMA|TABLE|USER)|TRUNCATE\s+TABLE|FLUSHALL|FLUSHDB|dropDatabase|DELETE\s+FROM\s+\w+\s*(?:;|$|"))|^drop\b :: throws data away
exec.sql-users :: high :: psql mysql sqlplus mysqladmin mongo mongosh :: line \b(?:CREATE\s+USER|GRANT\s+ALL|SUPERUSER|ALTER\s+USER|SET\s+PASSWORD|password\b.*\w)\b :: changes who may use the data base
exec.redis :: high :: redis-cli :: line (?i:config set (?:dir|dbfilename)|\beval\b|slaveof|replicaof|module load|debug |script load|--rdb|--eval) :: the data base runs code or writes files
exec.sql-shell :: high :: psql mysql sqlplus mongo mongosh redis-cli impala-shell cqlsh beeline hive spark-shell pyspark spark-sql arangosh cypher-shell :: val ^(?:!|\\!|HOST |SOURCE |sh ).* :: the client runs a command
exec.mongo :: high :: mongo mongosh arangosh couchjs :: opt --eval :: val (?:run|runProgram|exec|child_process|_startMongoProgram|passthrough|cat|listFiles|removeFile)\( :: runs javascript :: the client runs a program
exec.mongo-input :: medium :: sqlplus cqlsh :: opt -S -f -e :: runs a file of commands
# containers and clusters
container.privileged :: critical :: docker podman nerdctl :: sub run create container.run exec :: line (?:--privileged.*(?:-v|--volume|--mount)[ =]?/|(?:-v|--volume)[ =]?/:.*--privileged|--pid[ =]host.*(?:nsenter|--privileged)|--privileged.*--pid[ =]host) :: a container that is no border: it has the whole machine
container.root-mount :: high :: docker podman nerdctl lxc docker-compose :: line (?:-v|--volume)[ =]?(?:/|/etc|/root|/home|/var|/boot|/usr|~/\.ssh|/proc|/sys|/dev)/?:|--mount[ =]\S*(?:source|src)=(?:/|/etc|/root|/home|/var/run|/proc)/?,|source=/ path=|source=/ |docker\.sock|containerd\.sock :: a container that can write to the files of this machine
container.no-border :: high :: docker podman nerdctl docker-compose kubectl lxc incus :: line --privileged\b|security\.privileged=true|--runtime[ =]/|--cap-add[ =](?:ALL|SYS_(?:ADMIN|PTRACE|MODULE|RAWIO)|NET_ADMIN|DAC_\w+)|--(?:pid|ipc|uts|userns|cgroupns)[ =]host|--security-opt[ =](?:seccomp|apparmor|label|no-new-privileges)[=:](?:unconfined|disable|false)|--device[ =]/dev/(?:sd|mem|kmsg|nvme)|"?(?:privileged|hostPID|hostNetwork|hostIPC)"?: ?true|"hostPath" :: a container with less of a border around it
container.network-host :: medium :: docker podman nerdctl :: line --net(?:work)?[ =]host\b :: a container in the network of this machine
container.run :: medium :: docker podman nerdctl docker-compose buildah skopeo ctr crictl runc crun lxc lxc-start lxc-create lxd incus kubectl oc helm k3s minikube kind kubeadm nomad rancher eksctl singularity apptainer distrobox toolbox flatpak snap machinectl dagger compose img kaniko buildkitd :: containers are looked at or changed
container.runtime :: medium :: runc crun ctr crictl lxc-execute systemd-nspawn singularity apptainer distrobox toolbox :: starts a container past the tool that guards it
container.daemon :: high :: docker dockerd podman containerd :: opt -H --host :: val ^tcp://(?!127\.|localhost)|0\.0\.0\.0 :: containers ruled over the network
kubectl.secret :: high :: kubectl oc :: line \bget (?:\S+,)?secrets?\b.*(?:-o|--output|-A|--all-namespaces)|\bdescribe secrets?\b|/api/v1/.*secrets|get secrets? \S+ |create token|config view .*--raw :: reads the secrets of a cluster
kubectl.apply-remote :: high :: kubectl oc helm :: sub apply create install :: line (?:-f|--filename)[ =]?http://|-f -$ :: sets up a cluster with what comes from elsewhere
kubectl.access :: high :: kubectl oc :: sub create apply :: line (?:clusterrolebinding|cluster-admin|rolebinding .*admin|serviceaccount.*admin|adm policy add) :: changes who may rule a cluster
kubectl.proxy :: high :: kubectl oc :: sub proxy port-forward :: line --address[ =](?:0\.0\.0\.0|\*)|--accept-hosts :: opens a cluster to the network
kubectl.delete-all :: high :: kubectl oc :: sub delete :: line --all\b|namespaces?\b|\bns\b|nodes?\b|-A\b :: throws away a whole part of a cluster
cloud.secret :: high :: aws gcloud az vault op bw doppler chamber pass gopass security keyring secret-tool lpass keepassxc-cli kwallet-query kwallet-cli :: line (?:secretsmanager get-secret-value|ssm get-parameters?\b.*decrypt|sts get-session-token|sts assume-role|iam create-access-key|iam create-login-profile|print-access-token|print-identity-token|get-access-token|keyvault secret (?:show|list|download)|secrets versions access|^(?:read|kv get|get|show|item get|export|list items|lookup|search|find)\b) :: reads stored secrets
cloud.access :: high :: aws gcloud az doctl oci linode-cli hcloud :: line (?:iam (?:roles create|service-accounts (?:keys )?create|create-user|attach-\S+|put-\S+|add-user-to-group|update-\S+policy|create-policy)|add-iam-policy-binding|role assignment create|ad user create|cloudtrail (?:stop-logging|delete-trail|update-trail)|guardduty delete|logs delete|put-bucket-(?:acl|policy)|put-public-access-block|--public-access|authorize-security-group-ingress.*0\.0\.0\.0|s3 (?:rb|rm) .*(?:--force|--recursive)|ec2 terminate-instances|(?:delete|terminate|destroy)\b.*--(?:yes|quiet|force|auto-approve|all)) :: changes who may rule a cloud, or throws a part of it away
cloud.command :: high :: aws gcloud az :: line (?:ssm (?:send-command|start-session)|run-command|compute ssh .*--command|cloud-shell|lambda update-function-code|create-function|user-data) :: runs a command on machines of a cloud
cloud :: medium :: aws gcloud az gsutil s3cmd rclone doctl hcloud linode-cli oci ibmcloud heroku flyctl vercel netlify wrangler eksctl terraform pulumi firebase supabase railway render scw exo civo :: a cloud is looked at or changed
cloud.rclone :: high :: rclone s3cmd gsutil :: line (?:copy|sync|move|cp|put|rsync)\b.*(?:~/\.\w|/etc\b|/home/?\s|/root\b|/var/lib) :: carries a home or the system to a cloud
aws.pager-help :: medium :: aws az gcloud :: line (?:^| )help$ :: opens a pager
`)
