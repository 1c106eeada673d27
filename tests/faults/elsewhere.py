"""Faults that need no server to happen, and the tests that prove what comes of them."""

from __future__ import annotations

ELSEWHERE = {
    "Freshness and time, on a clock that leaps": {
        "Ready with the old count, for every lag, stamp and age": [
            "blueshift/test_fresh.py::test_ready_with_the_old_count_is_never_believed"
        ],
        "Ten minutes of waiting, a request that drips for longer than ten seconds": [
            "blueshift/test_fresh.py::test_a_stuck_refresh_ends_at_its_timeout",
            "blueshift/test_client.py::test_a_request_ends_as_a_whole_after_ten_seconds",
        ],
        "The same segment twice in one run, by two variants or by name and uuid": [
            "blueshift/test_fresh.py::test_a_segment_has_one_lane_in_which_every_channel_has_its_own_proof",
            "blueshift/test_names.py::test_a_name_and_a_uuid_of_one_segment_share_a_lane",
        ],
        "A trigger that was held back too long after its baseline": [
            "blueshift/test_fresh.py::test_a_trigger_that_was_held_back_is_not_sent_on_an_old_baseline"
        ],
        "A limit stricter than the rules say, over many segments": [
            "blueshift/test_fresh.py::test_a_stricter_limit_than_ours_costs_little"
        ],
        "A channel larger than its users; a share of no users": [
            "test_evaluate.py::test_a_channel_larger_than_its_users_is_called_a_contradiction",
            "test_evaluate.py::test_a_share_of_no_users_is_unknown",
        ],
    },
    "The rules file": {
        "Missing, a directory, a device, unreadable, too large": [
            "rules/test_document.py::test_what_is_no_file_to_be_read_ends_in_one_line",
            "rules/test_document.py::test_a_file_without_permission_ends_in_one_line",
            "rules/test_document.py::test_a_path_that_is_none_ends_in_one_line",
        ],
        "Empty, of another kind or encoding; keys twice, misspelt, misplaced; numbers that tools read differently; "
        "tags, bombs of aliases, bounds that disagree": [
            "rules/test_examples.py::test_a_bad_file_gets_every_problem_told_at_its_place"
        ],
        "Depth, by brackets, by indentation and behind aliases": [
            "rules/test_yaml.py::test_twenty_levels_are_read_and_one_more_is_not",
            "rules/test_yaml.py::test_levels_behind_an_alias_count",
            "rules/test_yaml.py::test_what_aliases_stand_for_is_counted_before_it_is_made",
        ],
        "Any bytes, and any change to a good file": [
            "rules/test_fuzz.py::test_any_bytes_are_rules_or_problems",
            "rules/test_fuzz.py::test_a_changed_good_file_is_rules_or_problems",
        ],
    },
    "The command and its environment": {
        "No key, an empty or impossible one, a key file that is missing, exposed or holds none": [
            "cli/test_check.py::test_an_unusable_environment_is_told_and_nothing_is_sent",
            "blueshift/test_account.py::test_a_key_that_cannot_be_one_is_refused_without_being_shown",
            "blueshift/test_account.py::test_a_key_file_without_a_key_is_refused",
            "blueshift/test_account.py::test_a_key_file_that_others_can_read_is_noticed",
        ],
        "Unknown flags, keys and formats, two reports in one place, a path that cannot be written": [
            "cli/test_check.py::test_a_slip_is_told_and_nothing_is_sent"
        ],
        "An address that the key must not go to": ["blueshift/test_account.py::test_the_key_goes_nowhere_else"],
        "A full disk, a closed standard output, a reader who went away": [
            "cli/test_check.py::test_a_report_that_cannot_be_written_is_no_pass",
            "cli/test_check.py::test_the_exit_code_survives_a_reader_that_went_away",
            "report/test_outputs.py::test_a_full_disk_is_an_output_error",
        ],
        "Signals, once and twice, also while a report is written": [
            "cli/test_check.py::test_a_signal_ends_it_at_once_without_a_report",
            "cli/test_check.py::test_a_second_signal_ends_it_at_once",
            "cli/test_check.py::test_what_does_not_end_by_itself_is_ended",
            "cli/test_check.py::test_a_report_that_was_written_before_the_interrupt_is_taken_back",
        ],
        "No asserts, other encodings, no home, a dumb terminal": [
            "cli/test_check.py::test_odd_environments_change_nothing"
        ],
        "A bug in the guard itself": [
            "cli/test_check.py::test_a_bug_exits_3_and_shows_no_traceback_and_never_the_key",
            "blueshift/test_counting.py::test_a_bug_is_unknown_and_never_a_pass",
        ],
        "A report of an earlier run, two runs that write one report, links": [
            "cli/test_check.py::test_yesterdays_pass_is_never_read_as_todays",
            "report/test_outputs.py::test_two_runs_at_once_leave_one_whole_report",
            "report/test_outputs.py::test_a_link_keeps_pointing_and_its_target_is_replaced",
        ],
    },
    "What comes out": {
        "Names that would break out of a format": [
            "report/test_github.py::test_no_name_can_become_a_command_or_a_property",
            "report/test_html.py::test_a_nasty_name_is_text_wherever_it_stands",
            "report/test_markdown.py::test_no_text_from_elsewhere_is_obeyed",
            "report/test_text.py::test_no_name_can_speak_for_us_or_to_the_terminal",
            "report/test_json.py::test_a_nasty_name_comes_back_as_it_was_and_travels_as_plain_ascii",
            "report/test_junit.py::test_any_file_is_plain_ascii_without_a_command_for_the_runner",
        ],
        "More than a format may hold": [
            "report/test_markdown.py::test_a_page_that_would_be_too_large_is_cut_and_says_so",
            "report/test_github.py::test_ten_of_a_level_are_shown_or_the_tenth_tells_of_the_rest",
            "report/test_junit.py::test_ten_thousand_guards_stay_below_what_gitlab_reads",
        ],
    },
    "Secrets": {
        "The key in a repr, a traceback with local variables, a log of the libraries below": [
            "faults/test_secrets.py::test_nothing_public_that_holds_the_key_prints_it",
            "faults/test_secrets.py::test_a_traceback_with_local_variables_of_a_request_does_not_show_the_key",
            "faults/test_secrets.py::test_the_libraries_below_do_not_log_the_key_even_when_they_are_asked_to_log_all",
        ],
        "The key in the process list, or handed to another process": [
            "faults/test_secrets.py::test_while_it_runs_neither_its_command_line_nor_a_process_of_its_own_has_the_key"
        ],
        "Reports that others can read": ["faults/test_secrets.py::test_reports_can_be_read_by_whom_the_umask_says"],
    },
}
"""By subject: what goes wrong, and the tests of it as files and names below ``tests/``."""
