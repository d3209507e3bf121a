"""What is subscribed, and what is sent when: market topics, and the topics of an account."""
