import { join } from 'node:path'
import { RISK_LEVELS } from '../core/risk.ts'
import { choice, duration, integer, list, path, size, text } from './setting.ts'

/** The settings of what is noticed, and of who is told. */
export const ALERT_SETTINGS = {
  'alert.directory': path({
    about: 'directory of the alert feed (alerts.jsonl)',
    fallback: ({ path: pathOf }) => join(pathOf('paths.state'), 'alerts'),
    defaultText: 'alerts/ in paths.state',
  }),
  'alert.group': duration({
    about: 'findings of one kind about one agent are one alert until none came for so long',
    fallback: '5m',
  }),
  'alert.max_size': size({
    about: 'the alert feed is set aside, and the next begun, at this size',
    fallback: '10MiB',
  }),
  'alert.keep': integer({ about: 'how many feeds set aside are kept', fallback: 5 }, 1, 100),
  'alert.webhook_url': text({
    about: 'an https address that is told of alerts by a signed POST; http only on this machine',
    fallback: undefined,
  }),
  'alert.webhook_secret': path<string | undefined>({
    about: 'the file with the secret that signs what goes to that address; for nobody else to read',
    fallback: undefined,
  }),
  'alert.webhook_events': list({
    about: 'which events that address is told of, such as alert.raised or alert.*; none: all',
    fallback: [],
  }),
  'alert.syslog': text({
    about: 'where alerts go as syslog (RFC 5424): unix:/dev/log, udp:127.0.0.1:514 or tcp:127.0.0.1:601',
    fallback: undefined,
  }),
  'alert.otlp_url': text({
    about: 'the logs address of a collector (OTLP over HTTP, JSON), such as http://127.0.0.1:4318/v1/logs',
    fallback: undefined,
  }),
  'alert.send_severity': choice(RISK_LEVELS, {
    about: 'the least severity that leaves by webhook, syslog or OTLP',
    fallback: 'medium',
  }),
  'detect.rules': path({
    about: 'your own detection rules',
    fallback: ({ path: pathOf }) => join(pathOf('paths.config'), 'detect.yaml'),
    defaultText: 'detect.yaml in paths.config',
  }),
  'detect.interval': duration({
    about:
      'how often detection looks everything over, besides holding each event against the rules as it comes',
    fallback: '30s',
  }),
  'detect.model_url': text({
    about:
      'a model on this machine that reads what rules found and may say that it is worse (http://127.0.0.1:PORT/PATH)',
    fallback: undefined,
  }),
} as const
