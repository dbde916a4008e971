import assert from 'node:assert/strict'
import { inSandbox } from './box.ts'
import type { House } from './house.ts'

/** One HTTP request as an agent sends it through its own socket. */
export interface Ask {
  readonly method: 'GET' | 'POST' | 'DELETE'
  readonly path: string
  readonly body?: object
}

export interface Answer {
  readonly status: number
  /** The parsed body: an answer, or problem details with a `code`. */
  readonly body: Readonly<Record<string, unknown>>
}

// HTTP/1.0, so that the answer ends with the connection and perl needs no library for it
const SPEAK = String.raw`
use IO::Socket::UNIX; $| = 1;
while (my $line = <STDIN>) {
  chomp $line;
  my ($method, $path, $body) = split / /, $line, 3;
  my $socket = IO::Socket::UNIX->new(Peer => $ENV{WARDER_PATHS_SOCKET});
  if (!$socket) { print "0 {}\n"; next }
  print $socket "$method $path HTTP/1.0\r\nhost: warder\r\ncontent-type: application/json\r\ncontent-length: " . length($body) . "\r\n\r\n$body";
  $socket->flush;
  local $/; my $all = <$socket>;
  my ($head, $text) = split /\r\n\r\n/, $all, 2;
  my ($status) = $head =~ / (\d+)/;
  $text =~ s/\n/ /g;
  print "$status $text\n";
}`

/** Runs a process as `agent` in a sandbox, which sends these requests one after the other. */
export async function askAsAgent(house: House, agent: string, asks: readonly Ask[]): Promise<Answer[]> {
  const input = asks.map(
    ({ method, path, body }) => `${method} ${path} ${body === undefined ? '' : JSON.stringify(body)}\n`,
  )
  const argv = ['/usr/bin/perl', '-e', SPEAK]
  const { code, stdout, stderr } = await inSandbox(house, { agent, argv, stdin: input.join('') })
  assert.equal(code, 0, `${stdout}\n${stderr}`)
  const lines = stdout.trimEnd().split('\n')
  assert.equal(lines.length, asks.length, stdout)
  return lines.map((line) => {
    const at = line.indexOf(' ')
    return { status: Number(line.slice(0, at)), body: JSON.parse(line.slice(at + 1)) as Answer['body'] }
  })
}
