import type { AnalystLogin } from "../../../../functions/_shared/contracts/analysts.ts";

export type Sample = { id: string; label: string; code: string };

/** How each program connects. */
export function samplesFor(login: AnalystLogin): Sample[] {
  const url = new URL(login.connection_string);
  const host = url.hostname;
  const port = url.port || "5432";
  const database = decodeURIComponent(url.pathname.slice(1));
  const { role_name: user, password } = login;
  const fields = [
    `Host      ${host}`,
    `Port      ${port}`,
    `Database  ${database}`,
    `Username  ${user}`,
    `Password  ${password}`,
  ].join("\n");
  return [
    { id: "psql", label: "psql", code: `psql "${login.connection_string}"` },
    {
      id: "metabase",
      label: "Metabase",
      code: `Admin > Databases > Add a database > PostgreSQL\n\n${fields}\nSchemas   only these: analytics`,
    },
    {
      id: "dbeaver",
      label: "DBeaver",
      code: `New connection > PostgreSQL\n\n${fields}\n\nURL  jdbc:postgresql://${host}:${port}/${database}`,
    },
    {
      id: "excel",
      label: "Excel",
      code: `Install psqlODBC, then Data > Get Data > From Other Sources > From ODBC,\nwith this as the connection string:\n\nDriver={PostgreSQL Unicode(x64)};Server=${host};Port=${port};Database=${database};Uid=${user};Pwd=${password};`,
    },
    {
      id: "python",
      label: "Python",
      code: `# pip install pandas sqlalchemy "psycopg[binary]"
import pandas as pd
from sqlalchemy import create_engine

engine = create_engine("${login.connection_string.replace(/^postgres(ql)?:/, "postgresql+psycopg:")}")
print(pd.read_sql("select * from revenue_by_month order by month", engine))`,
    },
    {
      id: "r",
      label: "R",
      code: `# install.packages(c("DBI", "RPostgres"))
con <- DBI::dbConnect(RPostgres::Postgres(), host = "${host}", port = ${port},
  dbname = "${database}", user = "${user}", password = "${password}")
DBI::dbGetQuery(con, "select * from revenue_by_month order by month")`,
    },
  ];
}
