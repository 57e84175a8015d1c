# Seconds, roughly, that each long test takes beside three others: ctest begins with the longest, so that the last one to
# begin is short. Without this table only a second run in the same folder is packed so; a fresh clone knows no times.
# Included at the end of each folder that has tests. Renewed from build/dev/Testing/Temporary/CTestCostData.txt.
set(costs
    e2e_login_refusals_test 180
    respond_alone 155
    e2e_i11_many_names_test 140
    unit_gateway_audit 130
    e2e_kill_sweep_test_1 110
    e2e_kill_sweep_test_2 110
    e2e_https_webauthn_test 110
    e2e_https_gate_test 105
    e2e_pause_test 95
    e2e_signature_test 80
    netns_gate_model 80
    e2e_ocra_complete_test 80
    e2e_dead_peer_test 70
    e2e_browser_test 65
    e2e_i11_same_words_test 65
    netns_firewall_model_test 65
    netns_forward_attack_test 60
    e2e_ports_test 60
    e2e_hostile_target_packets_test 55
    e2e_https_slow_test 55
    e2e_respond_gate_test 55
    e2e_hostile_packets_test 55
    e2e_files_test 50
    e2e_clients_test 50
    e2e_https_elsewhere_test 50
    netns_forward_test 50
    e2e_hostile_rep_test 50
    unit_gateway_core 45
    unit_gateway_audit_power_cut 45
    e2e_browser_webauthn_test 45
    netns_forward_end_test 45
    e2e_faults_test 45
    e2e_race_test 40
    netns_firewall_test 40
    e2e_live_test 40
    e2e_relay_test 40
    e2e_signature_keys_test 40
    e2e_suites_test 35
    unit_auth_ssh_signature 35
    e2e_main_job_test 35
    e2e_hostile_target_test 35
    unit_gateway_review 35
    netns_firewall_watch_test 35
    e2e_sending_hostile_test 35
    e2e_sealed_secrets_test 35
    e2e_https_worker_test 35
    netns_firewall_fault_test 35
    e2e_through_ssh_test 30)
get_property(tests DIRECTORY PROPERTY TESTS)
while(costs)
  list(POP_FRONT costs test seconds)
  if(test IN_LIST tests)
    set_tests_properties(${test} PROPERTIES COST ${seconds})
  endif()
endwhile()
