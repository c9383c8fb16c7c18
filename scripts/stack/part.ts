/**
 * One part of the stack behind one small interface, and what a part is told about its surroundings.
 * The supervisor (supervisor.ts) starts parts in the order of their needs and restarts what dies.
 */

export type Part = {
  /** Unique; also the name of its log file, `.data/logs/<name>.log`. */
  readonly name: string;
  /** Names of the parts that must be healthy before this one is started. */
  readonly needs: readonly string[];
  /** Launches it. Resolves when the process or server was launched; throws what a person should read. */
  start(): Promise<void>;
  /** A cheap probe, polled after start. Never throws. */
  healthy(): Promise<boolean>;
  /** Graceful, then forced; may be called again, and after a failed start. */
  stop(): Promise<void>;
  /** Calls the listener when the part dies by itself, so that the supervisor restarts it. */
  onExit?(listener: (reason: string) => void): void;
  /** Process ids whose memory is this part's; an in-process part leaves it out. */
  memoryPids?(): number[];
};

/** The roles that log in to the database with a password the stack generates. */
export type LoginRole =
  | "supabase_admin"
  | "postgres"
  | "authenticator"
  | "supabase_auth_admin"
  | "kontor_functions"
  | "kontor_worker";

/** Generated on the first start, kept in `.data/secrets.json` (mode 0600). */
export type Secrets = {
  readonly jwtSecret: string;
  /** Seals the secrets that webhooks are signed with. */
  readonly webhookKey: string;
  /** HS256 tokens signed with jwtSecret, role claims `anon` and `service_role`. */
  readonly anonKey: string;
  readonly serviceRoleKey: string;
  readonly databasePasswords: Readonly<Record<LoginRole, string>>;
  readonly s3AccessKeyId: string;
  readonly s3SecretAccessKey: string;
};

/** Everything listens on 127.0.0.1. The first four are the public ones, the rest are picked free. */
export type Ports = {
  readonly gateway: number;
  readonly database: number;
  readonly mail: number;
  readonly portal: number;
  readonly auth: number;
  readonly rest: number;
  readonly restAdmin: number;
  readonly s3: number;
  readonly functions: number;
  readonly worker: number;
  /** Where Prometheus reads of these two; the worker has one port for all. */
  readonly functionsMetrics: number;
  readonly portalMetrics: number;
  readonly smtp: number;
  readonly pdf: number;
};

/** Origins for people and clients; no trailing slash. */
export type Urls = {
  readonly portal: string;
  /** The gateway's origin, what a client is given as SUPABASE_URL. */
  readonly gateway: string;
  readonly mail: string;
};

/**
 * What the gateway replaces a public prefix by; no trailing slash. `/rest/v1/orders` goes to
 * `${upstreams.rest}/orders`. An external Supabase puts its own addresses here.
 */
export type Upstreams = {
  /** Embedded: http://127.0.0.1:<auth>/auth/v1 */
  readonly auth: string;
  /** Embedded: http://127.0.0.1:<rest> */
  readonly rest: string;
  /** Always: http://127.0.0.1:<functions>/functions/v1 */
  readonly functions: string;
  /** Embedded: http://127.0.0.1:<s3>; the part decides how a signed path is checked. */
  readonly s3: string;
};

/** The object store as a client sees it; embedded: `<gateway>/storage/v1/s3`. */
export type ObjectStore = {
  readonly endpoint: string;
  readonly region: string;
  readonly bucket: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
};

/** Which parts are somebody else's: those are not started here. */
export type External = {
  readonly database: boolean;
  /** Auth and PostgREST. */
  readonly supabase: boolean;
  readonly s3: boolean;
  readonly smtp: boolean;
  /** Gotenberg. */
  readonly pdf: boolean;
};

export type StackContext = {
  /** The repository's root. */
  readonly root: string;
  /** Absolute; a part keeps its files in `<dataDir>/<its name>`. */
  readonly dataDir: string;
  readonly secrets: Secrets;
  readonly ports: Ports;
  readonly urls: Urls;
  readonly upstreams: Upstreams;
  readonly objectStore: ObjectStore;
  /** Where mail is sent; embedded: smtp://127.0.0.1:<smtp>. */
  /** Proxies in front of us whose word about a client's address counts. */
  readonly trustedProxies: readonly string[];
  readonly smtpUrl: string;
  /** Where documents are printed; embedded: http://127.0.0.1:<pdf>. */
  readonly gotenbergUrl: string;
  readonly external: External;
  /** The product's version, from package.json. */
  readonly version: string;
  /** A connection string for one of the login roles. */
  databaseUrl(role: LoginRole): string;
  /** Appends text to the part's log file; adds the newline when it is missing. */
  log(part: string, text: string): void;
};
