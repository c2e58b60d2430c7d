"""Names of people and moments, shared by all domains."""

from __future__ import annotations

from memento.language.choices import Choices, choices, numbers, product

FIRST = (
    "Maya", "Jonas", "Priya", "Tomás", "Ingrid", "Kofi", "Hana", "Luca", "Amara", "Dmitri", "Noor", "Felix",
    "Yuki", "Carla", "Owen", "Zanele", "Mateo", "Freya", "Arjun", "Leila", "Piotr", "Simone", "Tariq", "Anouk",
    "Bruno", "Esme", "Hugo", "Ines", "Jamal", "Katya", "Liam", "Mina", "Nils", "Olga", "Pablo", "Rosa",
    "Samir", "Tessa", "Umar", "Vera", "Wes", "Ximena", "Yara", "Zoltan", "Ada", "Björn", "Clara", "Dario",
    "Elif", "Farid", "Greta", "Idris", "Jules", "Kenji", "Lotte", "Marek", "Nadia", "Oskar", "Petra", "Ravi",
)  # fmt: skip
LAST = (
    "Chen", "Okafor", "Lindqvist", "Moreau", "Haddad", "Novak", "Silva", "Tanaka", "Mensah", "Kowalski",
    "Romano", "Eriksen", "Patel", "Dubois", "Farouk", "Weber", "Castro", "Ivanova", "Nakamura", "Osei",
    "Petrov", "Quinn", "Rossi", "Schmidt", "Torres", "Ueda", "Vargas", "Walsh", "Yilmaz", "Zhang",
    "Abara", "Brandt", "Costa", "Diallo", "Endo", "Fischer", "Greco", "Hoang", "Iyer", "Jansen",
    "Keller", "Larsen", "Marino", "Nguyen", "Olsen", "Park", "Ramos", "Sato", "Toure", "Vogel",
    "Adeyemi", "Bianchi", "Chaudhry", "Dvorak", "Esposito", "Fontaine", "Gallagher", "Herrera", "Ito", "Joshi",
)  # fmt: skip
PEOPLE = product(FIRST, " ", LAST)
CITIES = (
    "Lisbon", "Berlin", "Toronto", "Nairobi", "Osaka", "Austin", "Warsaw", "Bogotá", "Dublin", "Seoul",
    "Utrecht", "Accra", "Oslo", "Pune", "Montréal", "Valencia", "Tallinn", "Melbourne", "Lyon", "Denver",
)  # fmt: skip
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
DATES = product(numbers(1, 28), " ", MONTHS)
CLOCK = tuple(f"{hour:02d}" for hour in range(24))
TIMES = product(CLOCK, ":", ("00", "15", "30", "45"))
WORK_TIMES = product(("08", "09", "10", "11", "13", "14", "15", "16", "17"), ":", ("00", "15", "30", "45"))
WEEKLY: Choices = product(WEEKDAYS, " at ", WORK_TIMES)
ZONES = choices(
    "Europe/Berlin", "Europe/Lisbon", "America/New_York", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kolkata",
    "Africa/Nairobi", "America/Sao_Paulo", "Australia/Sydney", "Europe/Warsaw", "America/Toronto", "Asia/Singapore",
)  # fmt: skip
