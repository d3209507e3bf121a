"""What is subscribed, and what is sent when: feeds of the market by product, feeds of an account behind a challenge."""
