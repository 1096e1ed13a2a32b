-- Makes it possible to take Stripe's webhooks: each payment of the application is one donation, whatever order its events come in.

-- What is visible of a payment is a projection of `facts` (model/stripe/donation), which is the node's own.
CREATE TABLE donations (
  id              text COLLATE "C" PRIMARY KEY, -- of the payment intent; without one the Checkout Session's, or the charge's
  status          text COLLATE "C" NOT NULL,
  amount          bigint, -- minor units; NULL while only a refund or a dispute is known
  currency        text COLLATE "C",
  amount_refunded bigint NOT NULL DEFAULT 0,
  from_user_id    text COLLATE "C",
  to_user_id      text COLLATE "C",
  rule_id         text COLLATE "C",
  paid_at         timestamptz,
  failure         text,
  dispute         text,
  livemode        boolean NOT NULL,
  created_at      timestamptz NOT NULL DEFAULT now(),
  updated_at      timestamptz NOT NULL DEFAULT now(),
  facts           text NOT NULL,
  CONSTRAINT donations_status CHECK (status IN ('pending', 'succeeded', 'failed', 'refunded', 'partially_refunded', 'disputed'))
);
-- The rollup counts a day's.
CREATE INDEX donations_paid_at ON donations (paid_at) WHERE paid_at IS NOT NULL;

-- Which donation an object of Stripe's (payment intent, Checkout Session, charge) belongs to. Its row's lock puts nodes in order
-- that learn of one payment at the same moment.
CREATE TABLE donation_objects (
  object_id   text COLLATE "C" PRIMARY KEY,
  donation_id text COLLATE "C" NOT NULL
);
