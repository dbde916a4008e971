import type { LabelName, LabelRule } from '../types.ts'
import { SECRET, SECRET_FILE } from './words.ts'

const rule = (
  name: LabelName,
  reason: string,
  pattern: string,
  more: Omit<LabelRule, 'name' | 'reason' | 'pattern'> = {},
): LabelRule => ({ name, reason, pattern: new RegExp(pattern, 'u'), ...more })
const PARAMETERS = { parameters: true }
const IN_PAGE =
  /\b(?:in|inside|within|on|from|of|against|to)\b[^.\n]{0,30}\b(?:page|browser|tab|element|frame|dom|selector)\b/u
const ADDRESS = String.raw`(?:https?\b|urls?\b|uris?\b|(?:remote |external |web |http |api |rest |custom |c2 |ftp |smtp |syslog )*(?:servers?|endpoints?|webhooks?|hosts?|services?|sites?|apis?|domains?|gateways?|collectors?)\b|remote\b|internet\b|cloud\b|s3\b|buckets?\b|s?ftp\b|pastebin|telemetry|third[- ]part|over the network|network\b|tcp\b|udp\b|dns\b|ip address|external\b)`

/** What the words of a definition say a tool can do. Over folded text, each bounded. */
export const LABELLING: readonly LabelRule[] = [
  rule(
    'process',
    'runs programs, commands or code',
    String.raw`\b(?:run|runs|running|ran|execut\w{1,5}|exec|spawn\w{0,3}|launch\w{0,3}|invok\w{1,3}|start|starts|starting|eval\w{0,6}|interpret\w{0,3}|issu\w{1,3}|compil\w{1,3})\b[^.\n]{0,40}\b(?:shell|bash|zsh|terminal|console command|commands?|command[- ]lines?|cmd|powershell|process(?:es)?|sub-?process\w{0,2}|scripts?|binar(?:y|ies)|executables?|programs?|arbitrary|code|snippets?|system calls?|applescript|osascript|python|javascript|node\.?js|ruby|perl|lua|playbooks?|ansible|notebooks?|cells?|macros?|payloads?|jobs?|workloads?|containers?|pods?|lambdas?|functions? app|tests?|builds?|makefile|npm|pip|cli)\b`,
    { unless: IN_PAGE, ...PARAMETERS },
  ),
  rule(
    'process',
    'gives a shell, or code on the machine',
    String.raw`\b(?:(?:shell|terminal|command[- ]line|bash|powershell|root|ssh|console|repl) (?:access|execution|sessions?|commands?|prompt|interpreter)|rce\b|(?:remote|arbitrary|dynamic|native) (?:code|command|script|shell|javascript|python|program)s?(?: execution)?|code execution|code interpreter|command execution|process (?:execution|creation|spawning)|(?:as|with) (?:root|administrator|sudo|elevated|superuser)\b|sudo\b|escalat\w{1,3} privileges?|setuid)`,
    { unless: IN_PAGE, ...PARAMETERS },
  ),
  rule(
    'process',
    'starts, ends or changes programs',
    String.raw`\b(?:(?:kill|terminat|stop|restart|suspend|signal)\w{0,4} [^.\n]{0,20}\b(?:process(?:es)?|pids?|daemons?|services?)\b|(?:install|upgrad)\w{0,4} [^.\n]{0,25}\b(?:packages?|software|dependenc\w{1,3}|extensions?|plugins?|applications?|apps?|modules?|librar\w{1,3}|drivers?|binar\w{1,3}|updates?|npm|pip|apt|brew)\b|(?:inject|load|attach)\w{0,3} [^.\n]{0,20}\b(?:dlls?|code|shellcode|shared (?:library|object)|kernel modules?|debugger)\b|(?:ssh|telnet|rdp|winrm|vnc) (?:in)?to\b|(?:download|fetch)\w{0,3}\b[^.\n]{0,25} and (?:run|execut|install)\w{0,3}|(?:launch|start|open)\w{0,3} (?:\w{1,12} ){0,2}applications?\b|(?:apply|play)\w{0,3} [^.\n]{0,20}\bplaybooks?|open\w{0,3} (?:an? |the )?applications?\b)`,
    PARAMETERS,
  ),
  rule(
    'process',
    'is named for running something',
    String.raw`^(?:run|exec|execute|eval|evaluate|spawn|shell|bash|terminal|cmd|powershell|system|subprocess|python|ssh)(?: (?:command|cmd|shell|bash|code|script|python|js|javascript|terminal|program|process|local|remote|system|exec|execute|run|file|tool))*$`,
    { unless: /^(?:eval|evaluate) (?:script|js|javascript)$|^system$|^run$/u, names: true },
  ),
  rule(
    'credential-read',
    'reads secrets',
    String.raw`\b(?:read|reads|reading|get|gets|list|lists|listing|retriev\w{1,4}|fetch\w{0,3}|dump\w{0,3}|extract\w{0,3}|export\w{0,3}|access\w{0,3}|return|returns|show|shows|print|prints|reveal\w{0,3}|expos\w{1,3}|load|loads|find|finds|search\w{0,3}|scan\w{0,4}|harvest\w{0,3}|collect\w{0,3}|steal\w{0,3}|decrypt\w{0,3}|view|views|look ?up|obtain\w{0,3}|recover\w{0,3}|crack\w{0,3}|cop(?:y|ies)|back ?up|query|enumerat\w{1,3}|inspect\w{0,3}|display\w{0,3}|captur\w{1,3}|grab\w{0,4}|generat\w{1,3}|issu\w{1,3}|manag\w{1,3}|log|logs|sniff\w{0,3}|intercept\w{0,3}|unlock\w{0,3}|rotate|discover\w{0,3}|gather\w{0,3}|audit\w{0,3}|export|import\w{0,3}|fill)\b[^.\n]{0,45}\b${SECRET}(?!')\b`,
    {
      unless:
        /\b(?:is|are|be) read from|\bleaked\b|\b(?:an?|your) (?:free )?(?:api key|token)(?: (?:from|at)\b)?$|cookie (?:banner|consent)|\bforgot/u,
      ...PARAMETERS,
    },
  ),
  rule(
    'credential-read',
    'reads files in which secrets are',
    String.raw`${SECRET_FILE}|(?<![\w.])\.env\b(?:[^.\n]{0,10}files?)?|\b(?:password|credential|secrets?|key) (?:manager|store|vault|hash(?:es)?|dump)\b|\bkey ?chain\b|\b(?:lsass|mimikatz|sam (?:database|hive)|dpapi|ntds)\b|\bmetadata service\b|\b169\.254\.169\.254\b`,
    PARAMETERS,
  ),
  rule(
    'persistence',
    'makes something that runs later, again, or at the start',
    String.raw`\b(?:cron ?(?:tab|jobs?|entr\w{1,3}|schedules?|expressions?)|cron\b|systemd\b|system services?\b|launch ?(?:d|agents?|daemons?)\b|init\.d\b|rc\.local\b|(?:start-?up|boot|log ?-?on|log ?-?in) (?:folder|items?|scripts?|programs?|entr\w{1,3}|applications?|apps?|tasks?|commands?|hooks?|services?)|(?:at|on|during|every|after|survives?|across|upon) (?:each |every |system |user |the next |computer |machine )*(?:boot|start-?up|log ?-?in|log ?-?on|reboots?|restarts?)\b|auto-?(?:start|run)\w{0,3}|run ?(?:once )?keys?\b|registry (?:keys?|entr\w{1,3}|values?|run)|hk(?:lm|cu|ey_)\w{0,20}|(?:shell )?(?:rc|profile) files?|shell profiles?|git hooks?|(?:pre|post)-(?:commit|receive|install|merge) hooks?|wmi (?:event )?subscription|sudoers|authorized[_ ]keys|login hooks?|at jobs?\b|(?:ld_preload|ld\.so\.preload))`,
    PARAMETERS,
  ),
  rule(
    'persistence',
    'makes something that runs later, again, or at the start',
    String.raw`(?:^|[\s/~"'(\x60])\.(?:bashrc|zshrc|profile|bash_profile|zprofile|zshenv|xinitrc)\b|\b(?:schedul\w{1,4})\b[^.\n]{0,30}\b(?:tasks?|jobs?|commands?|scripts?|execution|runs?|workflows?|programs?|processes)\b|\bscheduled (?:tasks?|jobs?)\b|\b(?:install|register|creat|add|enabl|set ?up|deploy|configur|writ|modif|inject|plant|edit|append)\w{0,4}\b[^.\n]{0,35}\b(?:as a service|services?\b(?! account)|daemons?|hooks?\b(?! url)|web ?hooks?\b|kernel modules?|back ?doors?|start-?up|persistent|background (?:job|task|process|service|agent|worker)s?|ssh keys?|public keys?|browser extensions?|(?:admin\w{0,11}|root|sudo|local|system|privileged|os|new) (?:users?|accounts?)|triggers?|mcp (?:servers?|config\w{0,8})|(?:agent|claude|cursor|global|custom) (?:rules?|instructions|config\w{0,8}))\b|\bpersist(?:s|ence|ently|ent)? (?:access|across|after|itself|on|mechanism|even|between|foothold|agent|backdoor|through)|\b(?:establish|maintain)\w{0,3} persisten\w{1,3}|\bkeeps? (?:itself )?running (?:after|in the background)|\bwatchdog\b|\brun\w{0,4} (?:forever|continuously|in the background|periodically|every \w{1,12})`,
  ),
  rule(
    'destructive',
    'deletes or breaks what nobody brings back',
    String.raw`\b(?:delete|deletes|deleting|deletion of|erase|erases|erasing|wipe|wipes|wiping|purge|purges|purging|destroy|destroys|destroying|shred|shreds|unlink|unlinks|obliterate|nuke|nukes|expunge|trash|trashes)\b(?! (?:key|button|marker))|\b(?:permanently|irreversibl[ye]|irrevocabl[ye]|destructive|cannot be (?:undone|reversed|recovered)|can'?t be undone|unrecoverabl[ye]|rm -rf|no undo)\b`,
    { unless: /\b(?:non|not|never|without)[ -](?:destructive|delet\w{1,4})/u },
  ),
  rule(
    'destructive',
    'removes, resets, ends or switches off',
    String.raw`\b(?:remove|removes|removing|clear|clears|clearing|empty|empties|drop|drops|dropping|truncate|truncates|truncating|reset|resets|resetting|overwrite|overwrites|format|formats|formatting|revoke|revokes|revoking|uninstall|uninstalls|terminate|terminates|deprovision\w{0,3}|cancel|cancels|disable|disables|disabling|flush|flushes|prune|prunes|tear\w{0,3} down|shuts?|shutdown|shutting|reboot\w{0,3}|restart|restarts|encrypt|encrypts|lock|suspend|ban|detach|force[- ]push\w{0,3}|hard reset|roll\w{0,3} ?back|corrupt\w{0,3}|replace all)\b[^.\n]{0,30}\b(?:files?|director(?:y|ies)|folders?|users?|records?|rows?|tables?|databases?|db|schemas?|down|collections?|index(?:es)?|disks?|drives?|partitions?|volumes?|file ?systems?|logs?|history|backups?|snapshots?|repositor(?:y|ies)|repos?|branch(?:es)?|instances?|clusters?|containers?|images?|pods?|namespaces?|deployments?|buckets?|objects?|queues?|topics?|machines?|servers?|systems?|hosts?|computers?|vms?|virtual machines?|accounts?|permissions?|firewall|antivirus|security|monitoring|alerts?|audit|protection|everything|all data|data|entire|packages?|subscriptions?|workspace|git|commits?|environments?|stacks?|resources?|caches?|keys?|domains?|records|projects?|issues?|messages?|e-?mails?|events?|members?|roles?|secrets?)\b`,
    {
      unless:
        /\bremov\w{1,3} (?:\w{1,12} ){0,3}(?:from (?:the )?(?:text|string|response|result|output|list))|\bformat\w{0,4} (?!(?:an? |the |all |every )?(?:disks?|drives?|partitions?|volumes?|sd|usb))|\bdrag and drop|\bclear (?:that|description|name|title|and)\b|\bempty (?:to|string|list|array|for|if|means)\b|\block file\b/u,
    },
  ),
  rule(
    'destructive',
    'is named for deleting or breaking',
    String.raw`^(?:[\w.-]{1,30} ){0,3}(?:delete|remove|destroy|drop|wipe|erase|purge|truncate|uninstall|terminate|kill|nuke|shred|format|reset|rm|rmdir|unlink|shutdown|reboot)(?: [\w.-]{1,30}){0,4}$`,
    {
      unless:
        /\bformat (?:code|text|json|date|document|output|number|string)|\breset (?:view|zoom|filter|page|form|viewport)\b|\bremove (?:background|filter|whitespace)\b/u,
      names: true,
    },
  ),
  rule(
    'network-out',
    'sends to a place outside',
    String.raw`\b(?:send|sends|sending|post|posts|posting|upload|uploads|uploading|transmit\w{0,4}|forward\w{0,3}|push|pushes|exfiltrat\w{1,4}|publish\w{0,3}|submit\w{0,4}|export\w{0,3}|sync\w{0,9}|beacon\w{0,3}|relay\w{0,3}|stream|streams|deliver\w{0,3}|report|reports|copies|copy|transfer\w{0,4}|mirror\w{0,3}|backs? ?up|dispatch\w{0,3}|phones? home|writes? data|tunnel\w{0,3}|leak\w{0,3}|notif(?:y|ies))\b[^.\n]{0,60}\b(?:to|via|over|through|at|using|with)\b[^.\n]{0,40}\b${ADDRESS}`,
    { unless: /\b(?:local|same) (?:server|host|service)\b/u, ...PARAMETERS },
  ),
  rule(
    'network-out',
    'makes requests or connections of any kind',
    String.raw`\b(?:mak|perform|issu|send|execut|do|fir|initiat|craft|trigger|forg)\w{0,4} [^.\n]{0,30}\b(?:https?|web|network|get|post|put|curl|raw|tcp|udp|rest|graphql|arbitrary|outbound|outgoing|api|dns|soap|rpc|webhook)\b[^.\n]{0,12}\b(?:requests?|calls?|connections?|quer(?:y|ies)|packets?|lookups?)\b|\b(?:http|web) ?(?:client|requests? (?:to|with|tool))\b|\b(?:open|establish|creat|start|expos|set ?up)\w{0,3} [^.\n]{0,30}\b(?:to the (?:public )?internet|local ports?|sockets?|(?:reverse )?tunnels?|reverse shell|outbound|(?:tcp|udp|websocket|network|remote|ssh|vpn|proxy) (?:connections?|sessions?|servers?|tunnels?)|port forward\w{0,3}|proxy|ngrok|listeners?)\b|\b(?:fetch|download|retriev|get|access|load|request|crawl|scrap|visit|call|quer|hit|ping|read|pull|open)\w{0,4}\b[^.\n]{0,40}\b(?:any|arbitrary|given|specified|provided|custom|external|user-(?:supplied|provided)|remote) (?:\w{1,15} )?(?:urls?|uris?|hosts?|endpoints?|domains?|webhooks?|web ?(?:sites?|pages?)|apis?|https?|servers?|resources? over)\b|\b(?:port|network|subnet|vulnerability|nmap|host|service) scan\w{0,4}|\bscan\w{0,4} [^.\n]{0,20}\b(?:ports?|networks?|hosts?|subnets?)\b|\b(?:webhooks?|curl|wget|ftp|sftp|scp|rsync|netcat|smtp)\b`,
    {
      unless: /\b(?:list|get|show|return)\w{0,3} (?:\w{1,12} ){0,2}(?:network|http|web|api) requests?\b/u,
      ...PARAMETERS,
    },
  ),
  rule(
    'network-read',
    'reads from the network',
    String.raw`\b(?:fetch|download|retriev|get|access|load|crawl|scrap|navigat|visit|brows|search|query|extract)\w{0,4}\b[^.\n]{0,40}\b(?:urls?|web|web ?pages?|web ?sites?|internet|online|remote|https?|pages?|news|api)\b`,
  ),
  rule(
    'file-write',
    'writes files',
    String.raw`\b(?:writ|creat|edit|modif|append|sav|updat|overwrit|replac|mov|renam|cop|patch|generat|export|download|upload|set)(?:e|es|ing|y|ies|ed|s)?\b[^.\n]{0,40}\b(?:files?|director(?:y|ies)|folders?|disk|file ?system|documents?|filename)\b`,
  ),
  rule(
    'file-read',
    'reads files',
    String.raw`\b(?:read|open|list|search|view|get|load|retriev|pars|analy[sz]|inspect|find|grep|upload|scan|import|access)(?:e|es|s|ing)?\b[^.\n]{0,40}\b(?:files?|director(?:y|ies)|folders?|file ?system|paths?|disk|documents?)\b`,
  ),
  rule(
    'personal-data',
    'reads what is personal',
    String.raw`\b(?:contacts?|address ?books?|inbox|mailbox|e-?mails?|calendars?|phone numbers?|locations?|geo-?location|medical|health|patients?|social security|ssn|passport|photos?|personal (?:data|information|details)|user profiles?|browsing history|browser history|clipboard|microphone|camera|webcam|keystrokes?|screen (?:record|captur)\w{0,3}|call (?:log|history)|text messages?|sms|employees?|customers?|salar(?:y|ies)|dates? of birth|pii)\b`,
  ),
  rule(
    'money',
    'moves money',
    String.raw`\b(?:pay|pays|payments?|payouts?|purchas\w{1,3}|buy|buys|checkout|refunds?|charg\w{1,3} (?:a |the )?(?:card|customer)|invoic\w{1,3}|wire transfers?|bank\w{0,3}|(?:transfer|send|withdraw|deposit)\w{0,4} [^.\n]{0,20}\b(?:funds?|money|crypto\w{0,10}|bitcoin|eth|usdc|tokens|coins?|balance)|(?:place|execut|submit)\w{0,3} [^.\n]{0,20}\b(?:trades?|orders?)|credit cards?|wallets?|swap (?:tokens|coins?)|subscriptions?|stripe|paypal)\b`,
  ),
  rule(
    'message-send',
    'sends messages to people',
    String.raw`\b(?:send|sends|sending|post|posts|posting|reply|replies|forward\w{0,3}|publish\w{0,3}|tweet\w{0,3}|compose\w{0,2}|writ\w{1,3}|creat\w{1,3}|dm|broadcast\w{0,3})\b[^.\n]{0,40}\b(?:e-?mails?|messages?|sms|texts?|tweets?|slack|comments?|notifications?|chats?|channels?|discord|telegram|whats ?app|teams|direct messages?|newsletter|replies)\b`,
  ),
]

/** Names of parameters that say as much as a sentence: with all of a set, the label. */
export const PARAMETER_SETS: readonly {
  readonly name: LabelName
  readonly reason: string
  readonly sets: readonly (readonly RegExp[])[]
}[] = [
  {
    name: 'process',
    reason: 'takes a command or code to run',
    sets: [
      [/^(?:shell ?command|command ?line|bash|cmd|shell|cmdline|argv|command)$/u],
      [
        /^(?:python|js|javascript|shell)? ?(?:code|script)$/u,
        /^(?:language|interpreter|runtime|timeout|timeout ms)$/u,
      ],
    ],
  },
  {
    name: 'network-out',
    reason: 'takes an address and what to send to it',
    sets: [
      [/^(?:webhook|callback|upload|target|destination|endpoint) ?(?:url|uri|host)$/u],
      [/^(?:url|uri|endpoint|host)$/u, /^(?:method|headers|body|payload|data)$/u],
    ],
  },
]
