/** The one stage of the API: `https://….execute-api.….amazonaws.com/prod`. */
export const STAGE = 'prod';
