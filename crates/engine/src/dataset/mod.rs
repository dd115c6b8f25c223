//! Datasets: tables of numbers, from CSV files or embedded.
