import { duration, integer, path } from './setting.ts'

/** The settings of what Warder says about itself. */
export const HEALTH_SETTINGS = {
  'health.sample': duration({
    about: 'how often it is looked whether decisions can be made and recorded',
    fallback: '10s',
  }),
  'health.disk_warn': integer(
    { about: 'a disk Warder writes to is degraded from so many per cent on', fallback: 80 },
    1,
    100,
  ),
  'health.disk_fail': integer({ about: 'and has failed from so many per cent on', fallback: 95 }, 1, 100),
  'health.metrics_port': integer(
    { about: 'a port of 127.0.0.1 where Prometheus may fetch /metrics and /health; 0: none', fallback: 0 },
    0,
    65_535,
  ),
  'health.metrics_token': path<string | undefined>({
    about: 'the file with the token that port asks for, of 32 characters at least; for nobody else to read',
    fallback: undefined,
  }),
} as const
