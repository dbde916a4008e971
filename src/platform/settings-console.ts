import { list, path, text } from './setting.ts'

/** The settings of the console. */
export const CONSOLE_SETTINGS = {
  'console.listen': text({
    about:
      'where the console listens, as address:port such as 127.0.0.1:9090; off: only when warder console turns it on',
    fallback: 'off',
  }),
  'console.subnet': text({
    about: 'the network the console may be reached from beside this machine, such as 192.0.2.0/24',
    fallback: undefined,
  }),
  'console.names': list({
    about: 'further names the console is called by; its certificate is made for them',
    fallback: [],
  }),
  'console.client_ca': path<string | undefined>({
    about:
      'certificates (PEM) of authorities: then a browser must show a certificate of one of them before it may log in',
    fallback: undefined,
  }),
} as const
