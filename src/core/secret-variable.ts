/** The names of variables that hold keys of well-known services. */
export const PROVIDER_VARIABLES = [
  ...['OPENAI_API_KEY', 'ANTHROPIC_API_KEY', 'GOOGLE_API_KEY', 'GEMINI_API_KEY', 'MISTRAL_API_KEY'],
  ...['COHERE_API_KEY', 'GROQ_API_KEY', 'HF_TOKEN', 'HUGGING_FACE_HUB_TOKEN', 'OPENROUTER_API_KEY'],
  ...['GITHUB_TOKEN', 'GH_TOKEN', 'GITLAB_TOKEN', 'NPM_TOKEN', 'SLACK_BOT_TOKEN', 'STRIPE_SECRET_KEY'],
  ...['AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AZURE_CLIENT_SECRET', 'PROMETHEUS_PASSWORD'],
] as const

const SECRET_VARIABLE =
  /(?:^|_)(?:PASSWORD|PASSWD|PASSPHRASE|TOKEN|SECRET|CREDENTIALS?|(?:API|ACCESS|PRIVATE|SECRET|AUTH)_?KEY)(?:_|$)/i

/** Those say where a secret is, and are none. */
const PLACE_VARIABLE = /_(?:DIR|DIRECTORY|FILE|HOME|PATH|SOCK|URL)$/i

/** Whether a variable of this name holds a secret, whatever its value looks like. */
export function isSecretVariable(name: string): boolean {
  if ((PROVIDER_VARIABLES as readonly string[]).includes(name)) return true
  return SECRET_VARIABLE.test(name) && !PLACE_VARIABLE.test(name)
}
