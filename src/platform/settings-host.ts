import { choice, duration, integer, list, path } from './setting.ts'

/** Of who looks at the host: at the borders of runs, at what else goes on, and at how it is set up. */
export const HOST_SETTINGS = {
  'watch.boundary': choice(['on', 'off'], {
    about: 'the alarm at the border of every run: what stands, writes or speaks there without a permit',
    fallback: 'on',
  }),
  'watch.host': choice(['auto', 'on', 'off'], {
    about:
      'watch the host besides: programs, listeners, logins, places where programs start by themselves; auto: where the daemon is a service of the machine',
    fallback: 'auto',
  }),
  'watch.host_interval': duration({
    about: 'how often listeners, modules and logins are looked at',
    fallback: '5s',
  }),
  'watch.listeners': list({
    about:
      'what may listen beyond loopback, as protocol/address:port/program; * for any address, the program may be left out',
    fallback: ['tcp/*:22/sshd'],
  }),
  'watch.parents': list({
    about: 'programs that serve strangers, by name: whatever they start is told',
    fallback: ['nginx', 'apache2', 'httpd', 'mysqld', 'postgres', 'redis-server', 'php-fpm', 'named'],
  }),
  'watch.places': list({
    about: 'further files and directories that are told of when somebody writes to them',
    fallback: [],
  }),
  'watch.scan_ports': integer(
    { about: 'so many ports tried by one address are a scan of ports', fallback: 10 },
    2,
    64,
  ),
  'watch.scan_window': duration({ about: 'when they are tried within this time', fallback: '60s' }),
  'watch.failed_logins': integer(
    {
      about: 'so many failed logins of one address, or to one account, within ten minutes are brute force',
      fallback: 10,
    },
    2,
    1000,
  ),
  'watch.auth_log': path<string | undefined>({
    about: 'where logins are written; absent: /var/log/auth.log or /var/log/secure, else the journal',
    fallback: undefined,
  }),
  'watch.session_log': path<string | undefined>({
    about: 'where sessions of people are noted, with failed ones in btmp beside it; absent: /var/log/wtmp',
    fallback: undefined,
  }),
  'watch.audit_log': path<string | undefined>({
    about: 'where auditd writes; absent: /var/log/audit/audit.log',
    fallback: undefined,
  }),
  'posture.interval': duration({
    about: 'how often keys, memory, files and network are looked over; 0s: only when asked',
    fallback: '1h',
  }),
  'posture.timeout': duration({ about: 'a scan of one area may take so long', fallback: '60s' }),
  'posture.roots': list({
    about: 'directories whose files are looked over, besides Warder’s own and those of the machine',
    fallback: [],
  }),
  'posture.memory_percent': integer(
    { about: 'so much of the memory in use is told, once until it is five below', fallback: 80 },
    10,
    99,
  ),
  'posture.cleanup': choice(['off', 'on'], {
    about:
      'let a scheduled scan mend what can be mended safely: modes of Warder’s own files, expired grants, its own leftovers',
    fallback: 'off',
  }),
} as const
