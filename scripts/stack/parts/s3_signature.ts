/**
 * The query of a signed address as S3 writes it: s3rver leaves `!'()*` as they are, and so refuses
 * every address with a file's name in other letters than English ones.
 */
import v4 from "@20minutes/s3rver/lib/signature/v4.js";

const getStringToSign = v4.getStringToSign;

v4.getStringToSign = (canonical, signature) => {
  const querystring = canonical.querystring.replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return getStringToSign({ ...canonical, querystring }, signature);
};
