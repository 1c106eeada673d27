"""Faults that need no server to happen, and the tests that prove what comes of them."""

from __future__ import annotations

ELSEWHERE = {
    "Freshness and time, on a clock that leaps": {
        "Ready with the old count, for every lag, stamp and age": [
            "blueshift/test_freshness.py::test_ready_with_the_old_count_is_not_believed"
        ],
        "Ten minutes of waiting, a request that drips for longer than ten seconds": [
            "blueshift/test_freshness.py::test_a_stuck_refresh_ends_at_its_timeout",
            "blueshift/test_client.py::test_a_request_ends_after_ten_seconds",
        ],
        "The same segment twice in one run, by two variants or by name and uuid": [
            "blueshift/test_freshness.py::test_channels_are_proven_one_after_another",
            "blueshift/test_catalog.py::test_a_name_and_a_uuid_share_a_lock",
        ],
        "A look before the count that shows our own refresh, a running one, or no number of people": [
            "blueshift/test_before.py::test_the_second_variant_has_none",
            "blueshift/test_before.py::test_a_lost_trigger_came_first_too",
            "blueshift/test_before.py::test_what_is_no_count_is_not_shown",
        ],
        "A trigger that was held back too long after its baseline": [
            "blueshift/test_freshness.py::test_a_delayed_trigger_needs_a_new_baseline"
        ],
        "A limit stricter than the rules say, over many segments": [
            "blueshift/test_freshness.py::test_many_segments_take_as_long_as_the_rate"
        ],
        "A channel larger than its users; a share of no users": [
            "core/test_evaluate.py::test_more_people_than_users_is_a_contradiction",
            "core/test_evaluate.py::test_a_share_of_no_users_is_unknown",
        ],
    },
    "The rules file": {
        "A name that YAML cuts short at a comment": [
            "cli/test_check.py::test_a_cut_name_is_refused",
            "rules/test_load.py::test_a_cut_remark_gets_a_hint",
            "rules/test_load.py::test_a_cut_name_gets_a_hint",
        ],
        "Thousands of words to look for among near ones": [
            "core/test_text.py::test_comparing_hostile_names_is_bounded"
        ],
        "Missing, a directory, a device, unreadable, too large": [
            "rules/test_document.py::test_an_unreadable_file_is_one_line",
            "rules/test_document.py::test_a_file_without_permission_is_one_line",
            "rules/test_document.py::test_a_bad_path_is_one_line",
        ],
        "Empty, of another kind or encoding; keys twice, misspelt, misplaced; numbers that tools read differently; "
        "tags, bombs of aliases, bounds that disagree": ["rules/test_examples.py::test_a_bad_file_has_its_problems"],
        "Depth, by brackets, by indentation and behind aliases": [
            "rules/test_yaml.py::test_twenty_levels_are_allowed",
            "rules/test_yaml.py::test_repeats_are_counted_before_they_are_made",
        ],
        "Any bytes, and any change to a good file": [
            "rules/test_fuzz.py::test_any_bytes_are_rules_or_problems",
            "rules/test_fuzz.py::test_a_changed_file_is_rules_or_problems",
        ],
    },
    "The command and its environment": {
        "No key, an empty or impossible one, a key file that is missing, exposed or holds none": [
            "cli/test_check.py::test_a_bad_environment_sends_nothing",
            "blueshift/test_account.py::test_an_invalid_key_is_refused_and_not_shown",
            "blueshift/test_account.py::test_a_key_file_without_a_key_is_refused",
            "blueshift/test_account.py::test_an_exposed_key_file_is_noticed",
            "blueshift/test_account.py::test_a_key_file_must_be_a_regular_file",
        ],
        "Quotation marks that an env file kept": [
            "cli/test_leaks.py::test_kept_quotes_are_named",
            "cli/test_leaks.py::test_a_stray_character_is_named",
        ],
        "A copied line, with the name of its variable, in place of a secret": [
            "cli/test_leaks.py::test_a_copied_line_is_named",
            "cli/test_leaks.py::test_a_wrong_key_file_is_named",
        ],
        "Entries of NO_PROXY that are about others, or that nobody understands": [
            "security/test_proxies.py::test_an_entry_about_others_has_no_effect"
        ],
        "Unknown flags, keys and formats, two reports in one place, a path that cannot be written": [
            "cli/test_check.py::test_a_wrong_argument_sends_nothing"
        ],
        "An address that the key must not go to": [
            "blueshift/test_account.py::test_the_key_does_not_go_to_other_addresses"
        ],
        "A full disk, a closed standard output, a reader who went away": [
            "cli/test_check.py::test_a_full_disk_never_passes",
            "cli/test_output.py::test_a_lost_verdict_never_passes",
            "cli/test_check.py::test_a_gone_reader_keeps_the_exit_code",
            "report/test_outputs.py::test_a_full_disk_is_an_output_error",
        ],
        "A standard input that never ends, a standard output or a pipe that nobody reads": [
            "cli/test_output.py::test_an_endless_input_is_an_error",
            "cli/test_output.py::test_an_unread_stdout_never_passes",
            "cli/test_output.py::test_an_unread_pipe_is_given_up",
        ],
        "Signals, once and twice, also while a report is written": [
            "cli/test_check.py::test_a_signal_leaves_no_report",
            "cli/test_signals.py::test_a_second_signal_ends_it",
            "cli/test_signals.py::test_a_hanging_process_is_ended",
            "cli/test_check.py::test_an_interrupt_removes_reports",
        ],
        "No asserts, other encodings, no home, a dumb terminal": [
            "cli/test_check.py::test_odd_environments_change_nothing"
        ],
        "A folder `guard`, or one of a package that it needs, where PYTHONPATH leads; a missing package": [
            "cli/test_start.py::test_a_package_of_our_name_is_not_run",
            "cli/test_start.py::test_a_module_of_theirs_is_not_run",
            "cli/test_start.py::test_an_earlier_package_is_refused",
            "cli/test_start.py::test_a_missing_package_exits_2",
            "cli/test_start.py::test_isolated_python_ignores_pythonpath",
            "action/test_action.py::test_pythonpath_replaces_no_module",
        ],
        "A bug in the guard itself": [
            "cli/test_verbs.py::test_a_crash_exits_3_with_a_hint",
            "cli/test_debug.py::test_a_traceback_hides_the_key",
            "blueshift/test_counting.py::test_a_bug_is_unknown_and_never_a_pass",
        ],
        "A report of an earlier run, two runs that write one report, links": [
            "cli/test_check.py::test_an_old_pass_does_not_stay",
            "report/test_outputs.py::test_two_runs_at_once_leave_one_whole_report",
            "report/test_outputs.py::test_a_link_keeps_pointing_and_its_target_is_replaced",
        ],
        "An output that names somebody's file, also through /proc, a link or the standard streams": [
            "cli/test_check.py::test_other_files_are_untouched",
            "cli/test_check.py::test_the_file_on_stdin_stays",
            "cli/test_check.py::test_the_file_on_stdout_is_refused",
            "report/test_outputs.py::test_a_file_that_is_not_a_report_is_refused_and_stays",
        ],
        "A saved report that is old, doctored, of another version, or lacks a segment": [
            "cli/test_report.py::test_an_old_report_is_never_fresh",
            "report/test_json_report_read.py::test_a_contradiction_is_refused_with_where_and_what",
            "report/test_json_report_read.py::test_another_versions_sentences_are_written_anew",
            "report/test_json_report_read.py::test_a_segment_that_a_campaign_needs_cannot_be_dropped",
        ],
        "A place that can be written but not replaced: a mounted file, a locked folder": [
            "report/test_outputs.py::test_a_report_that_cannot_be_replaced_is_emptied_and_filled_in_place",
            "report/test_outputs.py::test_a_stuck_report_is_reported",
        ],
    },
    "The history store": {
        "Missing, mistyped, empty, another file, another program's database, a newer or older version": [
            "cli/test_history.py::test_a_wrong_store_stops_the_run",
            "history/test_sqlite_file.py::test_another_file_is_refused_and_stays",
            "cli/test_history.py::test_a_database_that_is_missing_stops_the_run",
        ],
        "Unreadable, read-only, on a full disk, locked by another program": [
            "cli/test_history.py::test_an_unreadable_file_stops_the_run",
            "cli/test_history.py::test_a_read_only_file_is_not_recorded_in",
            "cli/test_history.py::test_a_full_disk_is_told",
            "cli/test_history.py::test_a_lock_held_by_another_is_told",
        ],
        "A server that says nothing, is gone, or dies in the run": [
            "cli/test_history.py::test_a_server_that_says_nothing_is_left",
            "cli/test_history.py::test_a_server_that_is_gone_is_told",
            "cli/test_history.py::test_a_server_that_dies_in_the_run_is_told",
        ],
        "Rows that were lost or changed, a file that was cut, any flipped bit": [
            "history/test_store.py::test_a_loss_is_noticed",
            "history/test_sqlite_file.py::test_a_cut_file_is_noticed",
            "history/test_sqlite_file.py::test_a_flipped_bit_never_changes_a_count",
            "cli/test_history.py::test_a_damaged_store_is_told_and_the_verdict_stands",
        ],
        "A kill before and during recording; twenty runs that record at once": [
            "cli/test_history.py::test_a_run_that_is_stopped_leaves_no_gap",
            "cli/test_history.py::test_a_run_killed_at_its_recording_leaves_none",
            "history/test_sqlite_file.py::test_a_kill_while_recording_leaves_no_run",
            "cli/test_history.py::test_twenty_commands_record_at_once",
        ],
        "A password in the flag, or in the message of a server": [
            "history/test_address.py::test_a_password_in_the_flag_is_refused",
            "cli/test_history.py::test_a_server_that_is_gone_is_told",
        ],
    },
    "The GitHub Action and its runner": {
        "No summary, no outputs, no temporary folder": [
            "action/test_module.py::test_a_missing_summary_is_a_warning",
            "action/test_module.py::test_nothing_is_checked_without_outputs",
            "action/test_module.py::test_lost_outputs_never_pass",
            "action/test_module.py::test_a_runner_without_room_cannot_start",
            "action/test_action.py::test_a_failed_installation_exits_2",
        ],
        "The reports of an earlier run, when an input is wrong or the installation fails": [
            "action/test_module.py::test_old_reports_are_removed",
            "action/test_action.py::test_a_failed_installation_removes_reports",
        ],
        "A working directory below the root of the workspace": [
            "cli/test_workspace.py::test_a_subfolder_annotates_the_file"
        ],
    },
    "What comes out": {
        "Names that would break out of a format": [
            "report/test_github.py::test_no_name_can_become_a_command_or_a_property",
            "report/test_html.py::test_a_nasty_name_is_text_wherever_it_stands",
            "report/test_markdown.py::test_no_text_from_elsewhere_is_obeyed",
            "report/test_text.py::test_no_name_can_speak_for_us_or_to_the_terminal",
            "report/test_json_report.py::test_a_nasty_name_is_ascii_and_comes_back",
            "report/test_junit.py::test_any_file_is_plain_ascii_without_a_command_for_the_runner",
            "cli/test_lists.py::test_csv_names_are_harmless",
        ],
        "Names and files that are commands of a CI system, on standard output and standard error": [
            "cli/test_leaks.py::test_account_names_are_harmless",
            "cli/test_leaks.py::test_printed_text_is_not_obeyed",
            "cli/test_leaks.py::test_a_file_name_is_not_obeyed",
        ],
        "More than a format may hold": [
            "report/test_markdown.py::test_a_page_that_would_be_too_large_is_cut_and_says_so",
            "report/test_github.py::test_at_most_ten_of_a_level_are_shown",
            "report/test_junit.py::test_ten_thousand_guards_stay_below_what_gitlab_reads",
        ],
    },
    "Secrets": {
        "The key in a repr, a traceback with local variables, a log of the libraries below": [
            "faults/test_secrets.py::test_nothing_public_prints_the_key",
            "faults/test_secrets.py::test_a_traceback_with_locals_hides_the_key",
            "faults/test_secrets.py::test_no_library_logs_the_key",
        ],
        "The key in the process list, or handed to another process": [
            "faults/test_secrets.py::test_no_other_process_has_the_key"
        ],
        "The key in another variable, argument, input or file name, in capitals or small letters": [
            "cli/test_leaks.py::test_a_wrong_variable_shows_no_secret",
            "cli/test_leaks.py::test_a_wrong_argument_shows_no_secret",
            "cli/test_leaks.py::test_file_names_show_no_key",
            "action/test_module.py::test_a_key_in_a_wrong_input_stays_hidden",
        ],
        "Reports that others can read": ["faults/test_secrets.py::test_reports_follow_the_umask"],
    },
}
"""By subject: what goes wrong, and the tests of it as files and names below ``tests/``."""
