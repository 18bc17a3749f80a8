//! The durable FIFO: an alert that was accepted is here until everybody was told.
