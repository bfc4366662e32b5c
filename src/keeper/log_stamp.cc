#include "keeper/log_stamp.h"

#include <cstdint>

namespace caisson::keeper {

namespace {

struct Date {
  std::uint64_t year;
  std::uint64_t month;
  std::uint64_t day;
};

// The civil date of a day counted from 1970-01-01. Years are counted from March on, so that the leap day is the last,
// in eras of 400 years, which have 146,097 days each.
Date date_of(std::uint64_t days_since_1970) {
  const std::uint64_t days = days_since_1970 + 719'468;  // since 0000-03-01
  const std::uint64_t era = days / 146'097;
  const std::uint64_t day_of_era = days % 146'097;
  const std::uint64_t year_of_era =
      (day_of_era - day_of_era / 1'460 + day_of_era / 36'524 - day_of_era / 146'096) / 365;
  const std::uint64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  const std::uint64_t month_from_march = (5 * day_of_year + 2) / 153;
  const std::uint64_t day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
  const std::uint64_t month = month_from_march < 10 ? month_from_march + 3 : month_from_march - 9;
  return {.year = era * 400 + year_of_era + (month <= 2 ? 1 : 0), .month = month, .day = day};
}

}  // namespace

std::array<char, kStampLength> log_stamp(timespec moment) {
  std::array<char, kStampLength> stamp;
  char* at = stamp.data();
  const auto put = [&at](std::uint64_t number, int digits, char after) {
    for (int i = digits - 1; i >= 0; --i, number /= 10) at[i] = static_cast<char>('0' + number % 10);
    at += digits;
    *at++ = after;
  };
  const auto seconds = static_cast<std::uint64_t>(moment.tv_sec);
  const Date date = date_of(seconds / 86'400);
  put(date.year, 4, '-');
  put(date.month, 2, '-');
  put(date.day, 2, 'T');
  put(seconds / 3'600 % 24, 2, ':');
  put(seconds / 60 % 60, 2, ':');
  put(seconds % 60, 2, '.');
  put(static_cast<std::uint64_t>(moment.tv_nsec), 9, '+');
  put(0, 2, ':');
  *at++ = '0';
  *at = '0';
  return stamp;
}

}  // namespace caisson::keeper
